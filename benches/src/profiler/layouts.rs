//! The same workers, linked in several orders.
//!
//! # Design
//! Where a program's functions lie decides over a hundredth of its time, by what of them shares
//! a line of the cache or a set of the branch predictor: as much as what is looked for here.
//! (Mytkowicz et al., "Producing Wrong Data Without Doing Anything Obviously Wrong!", 2009.)
//! Two workers differ in that by chance, and every run of them alike. So their figures may be
//! taken over several layouts (`benches/layouts` links them), each side's with each of the
//! other's.

use std::path::PathBuf;

use crate::compare::build::{self, Workers};
use crate::compare::error::CompareError;
use crate::compare::schedule::Run;

/// The workers of each layout: one at least.
#[derive(Debug)]
pub(super) struct Layouts(Vec<Workers>);

impl Layouts {
    /// Returns the workers that these runs need, of each folder, or built.
    ///
    /// # Errors
    /// Those of [`build::workers`].
    pub(super) fn find(
        runs: impl Iterator<Item = Run> + Clone,
        folders: &[PathBuf],
    ) -> Result<Self, CompareError> {
        if folders.is_empty() {
            return Ok(Self(vec![build::workers(runs, None)?]));
        }
        let of_folder = |folder: &PathBuf| build::workers(runs.clone(), Some(folder));
        folders.iter().map(of_folder).collect::<Result<_, _>>().map(Self)
    }

    /// Returns all of them.
    pub(super) fn all(&self) -> &[Workers] {
        &self.0
    }

    /// Returns whose workers run in a pair, the side without the profiler first. As many pairs
    /// as the square of the layouts meet each with each.
    pub(super) fn of_pair(&self, number: usize) -> [&Workers; 2] {
        let count = self.0.len();
        [number % count, (number + number / count) % count].map(|layout| &self.0[layout])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_layout_meets_each() {
        let workers = |name: usize| Workers::from([(name.to_string(), PathBuf::new())]);
        let layouts = Layouts((0..3).map(workers).collect());
        let names = |number| layouts.of_pair(number).map(|workers| workers.keys().next().cloned());
        assert_eq!((0..9).map(names).collect::<BTreeSet<_>>().len(), 9);
        assert_eq!(names(9), names(0));
    }
}
