//! What all runs said, by workload and allocator.

use std::collections::{BTreeMap, HashMap};

use super::error::CompareError;
use super::schedule::Run;
use crate::worker::Report;
use crate::workloads::Subject;

/// The reports of one workload under one allocator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Seconds of each timed round.
    pub seconds: Vec<f64>,
    /// Peak RSS of each timed round, in KiB.
    pub peak_rss_kib: Vec<u64>,
    /// RSS one second after everything was freed, in KiB, of each run that
    /// stayed so long.
    pub idle_rss_kib: Vec<u64>,
}

/// All reports so far.
#[derive(Debug, Default)]
pub struct Samples {
    series: HashMap<(&'static str, &'static str), Series>,
    /// For each workload, who found which checksum.
    checksums: BTreeMap<&'static str, BTreeMap<u64, Vec<&'static str>>>,
}

impl Samples {
    /// Adds a report. Of a workload measured for its time, one with idle memory
    /// comes from the round that is not timed; of the others each run yields both.
    pub fn add(&mut self, run: Run, report: Report) {
        let key = run.allocator.key;
        let series = self.series.entry((run.workload.name, key)).or_default();
        series.idle_rss_kib.extend(report.idle_rss_kib);
        if report.idle_rss_kib.is_none() || run.workload.subject != Subject::Time {
            series.seconds.push(report.seconds);
            series.peak_rss_kib.push(report.peak_rss_kib);
        }
        let checksums = self.checksums.entry(run.workload.name).or_default();
        let finders = checksums.entry(report.checksum).or_default();
        if !finders.contains(&key) {
            finders.push(key);
        }
    }

    /// Adds what other runs said.
    pub fn append(&mut self, more: Self) {
        for (key, series) in more.series {
            let all = self.series.entry(key).or_default();
            all.seconds.extend(series.seconds);
            all.peak_rss_kib.extend(series.peak_rss_kib);
            all.idle_rss_kib.extend(series.idle_rss_kib);
        }
        for (workload, checksums) in more.checksums {
            let all = self.checksums.entry(workload).or_default();
            for (checksum, finders) in checksums {
                all.entry(checksum).or_default().extend(finders);
            }
        }
    }

    /// Returns the reports of a workload under an allocator, if there are any.
    pub fn of(&self, workload: &'static str, allocator: &'static str) -> Option<&Series> {
        self.series.get(&(workload, allocator))
    }

    /// Checks that each workload read the same back in all runs.
    ///
    /// # Errors
    /// [`CompareError::ChecksumsDiffer`], for the first workload that did not.
    pub fn check(&self) -> Result<(), CompareError> {
        for (&workload, checksums) in &self.checksums {
            if checksums.len() > 1 {
                let list = checksums
                    .iter()
                    .map(|(sum, finders)| format!("{sum} under {}", finders.join(", ")))
                    .collect::<Vec<_>>()
                    .join("; ");
                return Err(CompareError::ChecksumsDiffer { workload, list });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::allocators;
    use super::*;
    use crate::workloads;

    fn add(samples: &mut Samples, allocator: &str, checksum: u64, idle_rss_kib: Option<u64>) {
        let run = Run {
            workload: workloads::find("list").expect("a workload"),
            allocator: allocators::find(allocator).expect("an allocator"),
        };
        samples.add(
            run,
            Report { seconds: 1.0, checksum, peak_rss_kib: 100, idle_rss_kib, costs: None },
        );
    }

    #[test]
    fn the_idle_round_is_not_timed() {
        let mut samples = Samples::default();
        add(&mut samples, "system", 5, Some(40));
        add(&mut samples, "system", 5, None);
        let expected =
            Series { seconds: vec![1.0], peak_rss_kib: vec![100], idle_rss_kib: vec![40] };
        assert_eq!(samples.of("list", "system"), Some(&expected));
        assert_eq!(samples.of("list", "pool"), None);
    }

    #[test]
    fn a_run_for_memory_yields_all_figures() {
        let mut samples = Samples::default();
        let run = Run {
            workload: workloads::find("idle_mib").expect("a workload"),
            allocator: allocators::find("pool").expect("an allocator"),
        };
        let report = Report {
            seconds: 1.0,
            checksum: 5,
            peak_rss_kib: 100,
            idle_rss_kib: Some(40),
            costs: None,
        };
        samples.add(run, report);
        let expected =
            Series { seconds: vec![1.0], peak_rss_kib: vec![100], idle_rss_kib: vec![40] };
        assert_eq!(samples.of("idle_mib", "pool"), Some(&expected));
    }

    #[test]
    fn what_other_runs_said_is_added() {
        let (mut samples, mut more) = (Samples::default(), Samples::default());
        add(&mut samples, "system", 5, None);
        add(&mut more, "system", 5, Some(40));
        add(&mut more, "system", 5, None);
        add(&mut more, "jemalloc", 6, None);
        samples.append(more);
        let series = samples.of("list", "system").expect("a series");
        assert_eq!((series.seconds.len(), &series.idle_rss_kib[..]), (2, &[40][..]));
        assert_eq!(samples.of("list", "jemalloc").map(|series| series.seconds.len()), Some(1));
        assert!(samples.check().is_err(), "checksums are compared across runs");
    }

    #[test]
    fn checksums_that_differ_are_named_with_their_finders() {
        let mut samples = Samples::default();
        add(&mut samples, "system", 5, None);
        add(&mut samples, "jemalloc", 5, None);
        assert!(samples.check().is_ok());
        add(&mut samples, "pool", 6, None);
        let error = samples.check().expect_err("they differ").to_string();
        assert!(error.contains("list differ: 5 under system, jemalloc; 6 under pool"), "{error}");
    }

    #[test]
    fn an_allocator_that_disagrees_with_itself_is_found_too() {
        let mut samples = Samples::default();
        add(&mut samples, "pool", 5, Some(1));
        add(&mut samples, "pool", 6, None);
        assert!(samples.check().is_err());
    }
}
