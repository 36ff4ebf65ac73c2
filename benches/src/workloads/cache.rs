//! A cache bounded in bytes under a load that follows Zipf's law: fragmentation.

use lru::LruCache;
use rand::RngExt as _;
use rand::distr::Distribution as _;
use rand_distr::Zipf;

use super::block::{Block, stamps};
use super::{Measurement, Workload, random};

/// Some seconds of [`LRU_MINUTE`].
pub(super) const LRU: Workload =
    Workload::new("lru", "a 64 MiB LRU cache under a Zipf load", |context| {
        serve(context.scaled(1_500_000))
    });

/// A cache of values of 16 bytes to 16 KiB, 64 MiB in all, whose typical value
/// drifts in size: holes that old values leave do not fit new ones. What is live
/// is the same for each allocator, so the peak RSS is its fragmentation. Runs
/// for about a minute, so only when named.
pub(super) const LRU_MINUTE: Workload =
    Workload::new("lru_minute", "the LRU cache for about a minute", |context| {
        serve(context.scaled(120_000_000))
    })
    .on_request();

/// Bytes of values that the cache may hold.
const BUDGET_BYTES: usize = 64 << 20;
/// Distinct keys, far more than fit.
const KEYS: u32 = 1_000_000;
/// Look-ups after which the sizes of new values have drifted by one step.
const DRIFT: usize = 100_000;

fn serve(lookups: usize) -> Measurement {
    let keys = keys(1 << 20);
    Measurement::of(|| {
        let mut sizes = random(1);
        let mut cache: LruCache<u32, Value> = LruCache::unbounded();
        let (mut held_bytes, mut sum) = (0, 0);
        let mut newest = 0;
        for (number, key) in keys.iter().cycle().take(lookups).enumerate() {
            if number % DRIFT == 0 {
                // The key space moves on, so that the cache never settles.
                newest += 1000;
            }
            let key = key + newest;
            if let Some(value) = cache.get(&key) {
                sum += value.bytes as u64;
                continue;
            }
            let bytes = size(number / DRIFT, sizes.random_range(0..1 << 20));
            cache.put(key, Value { bytes, block: Block::new(bytes, key as usize) });
            held_bytes += bytes;
            while held_bytes > BUDGET_BYTES
                && let Some((_, oldest)) = cache.pop_lru()
            {
                held_bytes -= oldest.bytes;
                sum += oldest.block.into_stamp();
            }
        }
        sum + stamps(std::iter::from_fn(|| cache.pop_lru()).map(|(_, value)| value.block))
    })
}

/// A cached value.
struct Value {
    bytes: usize,
    block: Block,
}

/// The size of a value: a power of two of one of four neighbouring orders, which
/// move from 16..=256 bytes up to 1..=16 KiB and back, and a random part of it.
fn size(drift: usize, random: usize) -> usize {
    let step = drift % 12;
    let order = 4 + step.min(12 - step) + random % 4;
    let power = 1 << order;
    power + (random >> 4) % power
}

/// Keys drawn by Zipf's law, prepared since drawing one costs more than a look-up.
fn keys(count: usize) -> Vec<u32> {
    let zipf = Zipf::new(f64::from(KEYS), 0.9).expect("a valid exponent");
    let mut random = random(0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1..=KEYS")]
    (0..count).map(|_| zipf.sample(&mut random) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_stay_between_16_bytes_and_16_kib() {
        for drift in 0..28 {
            for random in (0..1 << 20).step_by(37) {
                assert!((16..=16 << 10).contains(&size(drift, random)));
            }
        }
    }

    #[test]
    fn few_keys_get_most_look_ups() {
        let keys = keys(10_000);
        let frequent = keys.iter().filter(|&&key| key <= KEYS / 100).count();
        assert!(frequent > keys.len() / 4, "{frequent}");
        assert!(keys.iter().all(|key| (1..=KEYS).contains(key)));
    }
}
