//! The standard collections that allocate a node or a buffer an entry.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, LinkedList};
use std::hash::BuildHasherDefault;

use rand::RngExt as _;

use super::{Context, Measurement, Workload, random};

/// An ordered map from random numbers to boxes of 32 bytes, which grows to
/// 65,000 entries and shrinks again: nodes of 200 to 600 bytes among small
/// blocks.
pub(super) const BTREE: Workload =
    Workload::new("btree", "a BTreeMap of boxes, random inserts and removals", btree);

/// A hash map from strings to strings, which doubles its table as it grows:
/// short strings of uneven length, built by formatting, and large tables.
pub(super) const HASHMAP: Workload =
    Workload::new("hashmap", "a HashMap of Strings, inserts, look-ups, removals", hashmap);

/// A list of a million nodes built and dropped in order, 20 times: the purest
/// test of how an allocator takes back what it gave out in sequence.
pub(super) const LIST: Workload =
    Workload::new("list", "a LinkedList of 1 M nodes, built and dropped ×20", list);

fn btree(context: &Context) -> Measurement {
    let operations = context.scaled(1_600_000);
    Measurement::of(|| {
        let mut random = random(0);
        let mut map: BTreeMap<u32, Box<[u64; 4]>> = BTreeMap::new();
        let mut sum = 0_u64;
        for operation in 0..operations as u64 {
            // A key of 17 bits: about half of them are in the map in the end.
            let key = random.random::<u32>() >> 15;
            if operation % 2 == 0 {
                map.insert(key, Box::new([operation; 4]));
            } else if let Some(boxed) = map.remove(&key) {
                sum = sum.wrapping_add(boxed[3]);
            }
        }
        sum.wrapping_add(map.values().map(|boxed| boxed[0]).sum())
    })
}

/// `SipHash` with fixed keys: the same table layout in every run.
type Strings = HashMap<String, String, BuildHasherDefault<DefaultHasher>>;

fn hashmap(context: &Context) -> Measurement {
    let rounds = context.scaled(8);
    Measurement::of(|| (0..rounds).map(|round| users(round, 100_000) as u64).sum())
}

/// Fills a map with `users` entries, renames every other one, removes a third,
/// and returns the bytes of all that is left.
fn users(round: usize, users: usize) -> usize {
    let mut map = Strings::default();
    for user in 0..users {
        map.insert(format!("user:{round}:{user}"), format!("user-{user}@host-{}.net", user % 97));
    }
    for user in (0..users).step_by(2) {
        if let Some(address) = map.get_mut(&format!("user:{round}:{user}")) {
            *address = format!("{address};since={user:08}");
        }
    }
    for user in (0..users).step_by(3) {
        map.remove(&format!("user:{round}:{user}"));
    }
    map.iter().map(|(name, address)| name.len() + address.len()).sum()
}

fn list(context: &Context) -> Measurement {
    let rounds = context.scaled(20);
    Measurement::of(|| {
        let mut sum = 0_u64;
        for round in 0..rounds as u64 {
            let list: LinkedList<u64> = (round..round + 1_000_000).collect();
            sum = sum.wrapping_add(list.back().copied().unwrap_or_default());
        }
        sum
    })
}
