//! The request for a node's container.

use std::collections::BTreeMap;

use testcontainers::core::{AccessMode, IntoContainerPort, Mount};
use testcontainers::{ContainerRequest, GenericImage, ImageExt};

use super::engine::HOST;
use super::node::ContainerNode;

impl ContainerNode {
    pub(super) fn request(&self, environment: BTreeMap<String, String>) -> ContainerRequest<GenericImage> {
        let (name, tag) = name_and_tag(&self.recipe.image);
        let mut image = GenericImage::new(name, tag);
        let mut words = self.recipe.entrypoint.iter();
        // testcontainers accepts one word as the entry point; the others go before the command.
        if let Some(first) = words.next() {
            image = image.with_entrypoint(first);
        }
        let command: Vec<String> = words.chain(&self.recipe.command).cloned().collect();
        let mut request = image
            .with_cmd(command)
            .with_container_name(format!("faultline-{}-{}", self.place.run, self.name))
            .with_network(&self.at.network)
            .with_labels(self.at.labels.pairs());
        for (inner, outer) in &self.place.ports {
            request = request.with_mapped_port(*outer, inner.tcp());
        }
        // Ports are for the lab, not for the network that this machine is in.
        // Docker Desktop knows this name by itself, an engine on Linux does not.
        let host = format!("{}:host-gateway", HOST);
        request = request.with_host_config_modifier(move |config| {
            for binding in
                config.port_bindings.iter_mut().flat_map(|all| all.values_mut()).flatten().flatten()
            {
                binding.host_ip = Some("127.0.0.1".to_owned());
            }
            config.extra_hosts.get_or_insert_default().push(host.clone());
        });
        for bind in &self.recipe.binds {
            let mount = Mount::bind_mount(bind.source.display().to_string(), bind.target.clone());
            let mode = if bind.read_only { AccessMode::ReadOnly } else { AccessMode::ReadWrite };
            request = request.with_mount(mount.with_access_mode(mode));
        }
        if let Some(user) = &self.recipe.user {
            request = request.with_user(user);
        }
        if let Some(hostname) = &self.recipe.hostname {
            request = request.with_hostname(hostname);
        }
        // The override comes last, since a later value replaces an earlier one.
        let variables = environment.into_iter().chain(self.environment.clone());
        variables.fold(request, |request, (key, value)| request.with_env_var(key, value))
    }
}

/// `name:tag` apart; a colon before a slash is that of a registry's port. Without a tag it is `latest`.
fn name_and_tag(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_split_at_the_tag_only() {
        assert_eq!(name_and_tag("postgres:15"), ("postgres", "15"));
        assert_eq!(name_and_tag("postgres"), ("postgres", "latest"));
        assert_eq!(name_and_tag("host:5000/a/b"), ("host:5000/a/b", "latest"));
        assert_eq!(name_and_tag("host:5000/a/b:1"), ("host:5000/a/b", "1"));
    }
}
