//! The forty days, and what each hour of a day asks of the load.
//!
//! All days are alike, and each begins and ends with the least at midnight. Sizes drift
//! too: the largest in the morning, the smallest in the evening, so that the same number
//! of live bytes is made of other classes. At night all blocks are freed alike; the more
//! is going on, the younger are those that are.

use std::f64::consts::TAU;
use std::time::Instant;

/// Days of a soak.
pub const DAYS: u32 = 40;

/// What of a noon's live bytes is live at night.
const NIGHT_SHARE: f64 = 0.25;
/// Binary logarithm of the middle of the sizes, on average over a day.
const SIZE_LOG2: f64 = 7.0;
/// By how much it differs in the morning and in the evening.
const SIZE_LOG2_DRIFT: f64 = 2.5;
/// The window of the youngest blocks is all at night, and a 16th at noon.
const WINDOW_SHIFT_AT_NOON: f64 = 4.0;

/// How far a soak has come.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    seconds: f64,
}

impl Clock {
    /// Returns a clock that starts now and goes through all days in so many seconds.
    pub fn start(seconds: u32) -> Self {
        Self { start: Instant::now(), seconds: seconds.into() }
    }

    /// Whether the last day is over.
    pub fn is_over(&self) -> bool {
        self.elapsed_s() >= self.seconds
    }

    /// The hour that it is.
    pub fn hour(&self) -> Hour {
        Hour::at(self.days())
    }

    /// Days since the start.
    pub fn days(&self) -> f64 {
        self.elapsed_s() / self.seconds * f64::from(DAYS)
    }

    /// Seconds since the start.
    pub fn elapsed_s(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

/// What is asked of the load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hour {
    /// Live bytes, as a share of noon's.
    pub live_share: f64,
    /// Binary logarithm of the middle of the sizes.
    pub size_log2: f64,
    /// The blocks that may be freed are the youngest of all, halved so many times.
    pub window_shift: u32,
}

impl Hour {
    /// Returns what is asked so many days after the beginning.
    ///
    /// ```
    /// use benches::soak::day::Hour;
    ///
    /// assert_eq!(Hour::at(0.0).live_share, 0.25);
    /// assert_eq!(Hour::at(0.5).live_share, 1.0);
    /// ```
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 4")]
    pub fn at(days: f64) -> Self {
        let angle = days.fract() * TAU;
        let sun = (1.0 - angle.cos()) / 2.0;
        Self {
            live_share: NIGHT_SHARE + (1.0 - NIGHT_SHARE) * sun,
            size_log2: SIZE_LOG2 + SIZE_LOG2_DRIFT * angle.sin(),
            window_shift: (WINDOW_SHIFT_AT_NOON * sun).round() as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_alike_and_symmetrical_in_live_bytes() {
        for step in 0..100 {
            let share = f64::from(step) / 100.0;
            let hour = Hour::at(share);
            let close = |other: f64, one: f64| (other - one).abs() < 1e-9;
            assert!(close(Hour::at(share + 7.0).live_share, hour.live_share), "{share}");
            assert!(close(Hour::at(share + 7.0).size_log2, hour.size_log2), "{share}");
            assert!(close(Hour::at(1.0 - share).live_share, hour.live_share), "{share}");
            assert!((0.25..=1.0).contains(&hour.live_share) && hour.window_shift <= 4);
        }
    }

    #[test]
    fn sizes_are_largest_in_the_morning_and_smallest_in_the_evening() {
        let size = |days| Hour::at(days).size_log2;
        assert!(size(0.25) > size(0.0) && size(0.0) > size(0.75));
    }
}
