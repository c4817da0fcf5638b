//! Figures of several rounds, in each of which everything is measured once: a machine that is slower for a while is so for
//! both sides of a ratio.

use crate::session::Notes;

/// Figures of one name.
struct Series {
    name: String,
    unit: &'static str,
    values: Vec<f64>,
}

/// Figures of all rounds until now.
#[derive(Default)]
pub(crate) struct Rounds(Vec<Series>);

impl Rounds {
    /// Adds a figure of one round.
    pub(crate) fn add(&mut self, name: &str, unit: &'static str, value: f64) {
        match self.0.iter_mut().find(|series| series.name == name) {
            Some(series) => series.values.push(value),
            None => self.0.push(Series { name: name.to_owned(), unit, values: vec![value] }),
        }
    }

    /// Notes the median of every figure, its name below a prefix.
    pub(crate) fn note(&self, prefix: &str, notes: &mut Notes) {
        for Series { name, unit, values } in &self.0 {
            notes.add_median(&format!("{prefix}/{name}"), values, unit);
        }
    }
}
