//! The figures for people: a row for every four days, and the trend.

use std::fmt::Write as _;

use super::day::DAYS;
use super::load::Soak;
use super::trend::{Day, Trend};

/// Days of a row.
const ROW_DAYS: usize = 4;

/// Returns the whole text, without colours, ready to be pasted.
pub fn render(soak: &Soak, trend: &Trend, machine: &str) -> String {
    let Soak { seconds, threads, visitors, operations, .. } = soak;
    let mut text = format!("{machine}\n\n");
    let day_s = f64::from(*seconds) / f64::from(DAYS);
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{DAYS} days of {day_s} s on PoolAlloc: {threads} threads and {visitors} that came and \
         went, {operations} operations"
    );
    let _ = writeln!(text, "{:>7} {:>12} {:>12} {:>12}", "days", "live", "RSS", "RSS ÷ live");
    for days in trend.days.chunks(ROW_DAYS) {
        let sum = |figure: fn(&Day) -> f64| days.iter().map(figure).sum::<f64>();
        let (live_kib, rss_kib) = (sum(|day| day.live_kib), sum(|day| day.rss_kib));
        let numbers = days.first().zip(days.last());
        let name = numbers.map(|(first, last)| format!("{}–{}", first.number + 1, last.number + 1));
        let mean = |sum_kib: f64| mib(sum_kib / days.len() as f64);
        let _ = writeln!(
            text,
            "{:>7} {:>12} {:>12} {:>12.2}",
            name.unwrap_or_default(),
            mean(live_kib),
            mean(rss_kib),
            rss_kib / live_kib
        );
    }
    let _ = writeln!(
        text,
        "RSS in the last {} s: {} on average; it grew by {:+.2} KiB/s, {:+.2} % ± {:.2} of that",
        trend.half_s,
        mib(trend.mean_kib),
        trend.slope_kib_s,
        trend.growth_percent(),
        trend.growth_error_percent()
    );
    text
}

fn mib(kib: f64) -> String {
    format!("{:.1} MiB", kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::super::trend::tests::example;
    use super::*;

    #[test]
    fn four_days_have_a_row_and_the_trend_a_line() {
        let soak = example(10.0, 0.0);
        let text = render(&soak, &Trend::of(&soak), "a box");
        let rows: Vec<Vec<&str>> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["a", "box"]);
        assert_eq!(rows[4], ["1–4", "135.0", "MiB", "150.3", "MiB", "1.11"]);
        assert_eq!(rows[13][0], "37–40");
        let last = "RSS in the last 300 s: 154.4 MiB on average; \
                    it grew by +10.00 KiB/s, +1.90 % ± 0.00 of that\n";
        assert!(text.ends_with(last), "{text}");
    }
}
