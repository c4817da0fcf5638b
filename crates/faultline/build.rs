//! Builds the page of the live lab in, where `client/dist` holds it; else the program has none.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

// By hand and not by a crate that embeds a folder: those see no new file in it, and each build of the page names its
// files anew.
fn main() {
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../client");
    let dist = client.join("dist");
    // Without it the whole folder is looked at, so that it is seen when it comes.
    println!("cargo::rerun-if-changed={}", if dist.is_dir() { &dist } else { &client }.display());
    let mut list = String::from("const ASSETS: &[Asset] = &[\n");
    let mut files = Vec::new();
    collect(&dist, &mut files);
    files.sort();
    for file in &files {
        let name = file.strip_prefix(&dist).unwrap_or(file).display().to_string();
        let path = fs::canonicalize(file).unwrap_or_else(|_| file.clone());
        let path = path.display().to_string();
        // Writing to a text can't fail.
        let _ = writeln!(list, "    Asset {{ name: {name:?}, bytes: include_bytes!({path:?}) }},");
    }
    list.push_str("];\n");
    let out = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    if let Err(error) = fs::write(out.join("assets.rs"), list) {
        println!("cargo::error=the list of the page's files can't be written: {error}");
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if !entry.file_name().to_string_lossy().starts_with('.') {
            files.push(path);
        }
    }
}
