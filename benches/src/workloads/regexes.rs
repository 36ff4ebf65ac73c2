//! `regex`: many patterns built, and matched against a log.

use std::fmt::Write as _;

use regex::{Regex, RegexSet};

use super::{Context, Measurement, Workload};

/// A few hundred patterns as a log shipper has them, each compiled, all together
/// as a set, and run over a log of 64 KB: syntax trees, automata, caches that
/// grow while matching, captures.
pub(super) const REGEX: Workload =
    Workload::new("regex", "patterns compiled and run over a log", regexes);

/// `{}` stands for a number, so that each pattern is built anew in each round.
const PATTERNS: [&str; 12] = [
    r"^(?<ip>\d{1,3}(?:\.\d{1,3}){3}) - user-{}\b",
    r"(?i)error|warning|fatal code={}",
    r#""(?:GET|POST|PUT) (?<path>/api/v{}/[^ "]*)"#,
    r"\b[A-Za-z0-9._%+-]+@host-{}\.example\b",
    r"(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)T{}\d:",
    r"took (?<ms>[0-9]+(?:\.[0-9]+)?)ms .*worker={}$",
    r"(?:[a-f0-9]{2}:){5}[a-f0-9]{2} port {}",
    r"\[(?<level>[A-Z]{4,5})\] (?<target>\w+(?:::\w+)*): {}",
    r"key=(?:'[^']*'|[^\s]+) shard={}\d*",
    r"(?x) session \s+ (?: opened | closed ) \s+ for \s+ uid={} ",
    r"(?:foo|bar|baz|qux){1,8}-{}",
    r"^\s*#.*{}|;\s*$",
];

fn regexes(context: &Context) -> Measurement {
    let log = log(700);
    let rounds = context.scaled(80);
    Measurement::of(|| (0..rounds).map(|round| search(round, &log)).sum())
}

/// Builds one regular expression of each pattern and a set of all, and returns
/// how much of the log they match.
fn search(round: usize, log: &str) -> u64 {
    let number = (round % 10).to_string();
    let patterns = PATTERNS.map(|pattern| pattern.replace("{}", &number));
    let built: Vec<Regex> =
        patterns.iter().map(|pattern| Regex::new(pattern).expect("a valid pattern")).collect();
    let all = RegexSet::new(&patterns).expect("valid patterns");
    let mut matched = 0;
    for line in log.lines() {
        for index in &all.matches(line) {
            let captures = built[index].captures(line).expect("the set found it");
            matched += captures.iter().flatten().map(|group| group.len() as u64).sum::<u64>();
        }
    }
    matched
}

/// Returns a log of so many lines, the same in every run.
fn log(lines: usize) -> String {
    let mut log = String::new();
    for line in 0..lines {
        let (digit, worker) = (line % 10, line % 7);
        let line = match line % 4 {
            0 => format!(
                "10.0.{worker}.{digit} - user-{digit} \"GET /api/v{digit}/items/{line}\" 200"
            ),
            1 => format!(
                "2024-05-1{digit}T{digit}7:00:00 [WARN] core::pool: {digit} warning, {line} left"
            ),
            2 => format!("mail to someone@host-{digit}.example took {line}.5ms on worker={worker}"),
            _ => format!("session opened for uid={digit}, key='a b {line}' shard={worker}1;"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(log, "{line}");
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_patterns_match_somewhere() {
        let log = log(40);
        let all = RegexSet::new(PATTERNS.map(|pattern| pattern.replace("{}", "1")));
        let matches = all.expect("valid patterns").matches(&log).iter().count();
        assert!(matches * 2 >= PATTERNS.len(), "{matches} of {}", PATTERNS.len());
    }
}
