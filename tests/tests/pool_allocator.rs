//! `PoolAlloc` as the allocator of single collections, while the global one is the
//! system's: what it serves is theirs alone, and its stats show it to the block.

use std::alloc::Layout;
use std::collections::HashMap as Oracle;
use std::ptr::NonNull;

use alloc_core::{PoolAlloc, block_of, stats};
use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box as PoolBox;
use allocator_api2::vec::Vec as PoolVec;
use hashbrown::HashMap;

static POOL: PoolAlloc = PoolAlloc::new();

#[test]
fn collections_of_their_own_allocator() {
    assert_eq!(stats().bytes_mapped(), 0, "nobody else uses it");
    empty_layouts_have_no_block();
    a_vec_and_a_box();
    a_map_beside_an_oracle();
    blocks_grow_and_shrink_beside_an_oracle();
    only_new_bytes_are_zeroed();
    impossible_sizes_are_errors();
    threads_use_what_ended_ones_left_cached();
    assert_eq!(stats().bytes_in_use(), 0, "{}", stats());
    alloc_core::check().unwrap();
}

fn empty_layouts_have_no_block() {
    for align in (0..=16).map(|shift| 1 << shift) {
        let layout = Layout::from_size_align(0, align).unwrap();
        for block in [POOL.allocate(layout), POOL.allocate_zeroed(layout)].map(Result::unwrap) {
            assert_eq!((block.len(), block.cast::<u8>().addr().get() % align), (0, 0));
            // SAFETY: an empty block of this layout.
            unsafe { POOL.deallocate(block.cast(), layout) };
        }
    }
    let units: PoolVec<(), _> = (0..1000).fold(PoolVec::new_in(&POOL), |mut units, _| {
        units.push(());
        units
    });
    assert_eq!((units.len(), stats().bytes_mapped()), (1000, 0));
}

fn a_vec_and_a_box() {
    let mut numbers = PoolVec::new_in(&POOL);
    numbers.extend(0..100_000_u64);
    assert_eq!(
        block_of(numbers.as_ptr().cast()).unwrap().start.as_ptr(),
        numbers.as_mut_ptr().cast()
    );
    assert!(stats().bytes_in_use() >= 800_000, "{}", stats());
    numbers.truncate(10);
    numbers.shrink_to_fit();
    assert_eq!(numbers[..], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(stats().bytes_in_use(), 80);

    // By value too; and what one value allocated, another may free.
    let boxed = PoolBox::new_in([7_u8; 100], PoolAlloc::new());
    assert_eq!(stats().bytes_in_use(), 80 + 112);
    let (raw, _) = PoolBox::into_raw_with_allocator(boxed);
    // SAFETY: from a box just now; every value of the type is the same allocator.
    let boxed = unsafe { PoolBox::from_raw_in(raw, &POOL) };
    assert_eq!(*boxed, [7; 100]);
}

fn a_map_beside_an_oracle() {
    let mut random = fastrand::Rng::with_seed(3);
    let mut map: HashMap<u32, PoolVec<u8, &PoolAlloc>, _, _> = HashMap::new_in(&POOL);
    let mut oracle: Oracle<u32, Vec<u8>> = Oracle::new();
    for _ in 0..100_000 {
        let key = random.u32(..2000);
        if random.u8(..4) == 0 {
            map.remove(&key);
            oracle.remove(&key);
        } else {
            let bytes = [random.u8(..); 40];
            let bytes = &bytes[..random.usize(..40)];
            map.entry(key).or_insert_with(|| PoolVec::new_in(&POOL)).extend_from_slice(bytes);
            oracle.entry(key).or_default().extend_from_slice(bytes);
        }
    }
    assert_eq!(map.len(), oracle.len());
    for (key, value) in &oracle {
        assert_eq!(map[key][..], value[..]);
    }
    let bytes: usize = oracle.values().map(Vec::len).sum();
    assert!(stats().bytes_in_use() > bytes, "{}", stats());
}

/// A block, and what it holds.
struct Held {
    block: NonNull<u8>,
    layout: Layout,
    bytes: Vec<u8>,
}

fn blocks_grow_and_shrink_beside_an_oracle() {
    let mut random = fastrand::Rng::with_seed(4);
    for _ in 0..200 {
        let layout = random_layout(&mut random, 0);
        let block = POOL.allocate(layout).unwrap().cast::<u8>();
        let mut held = Held { block, layout, bytes: Vec::new() };
        fill(&mut held, &mut random);
        for _ in 0..20 {
            resize(&mut held, &mut random);
        }
        // SAFETY: the block has this layout and is not used again.
        unsafe { POOL.deallocate(held.block, held.layout) };
    }
}

fn resize(held: &mut Held, random: &mut fastrand::Rng) {
    let old = held.layout;
    let least = if random.bool() { old.size() } else { 0 };
    let new = random_layout(random, least);
    let zeroed = random.bool();
    let resized = if new.size() < old.size() {
        // SAFETY: the block has the old layout; the new one is smaller.
        unsafe { POOL.shrink(held.block, old, new) }
    } else if zeroed {
        // SAFETY: the block has the old layout; the new one is no smaller.
        unsafe { POOL.grow_zeroed(held.block, old, new) }
    } else {
        // SAFETY: as above.
        unsafe { POOL.grow(held.block, old, new) }
    }
    .unwrap();
    assert_eq!(resized.len(), new.size());
    held.block = resized.cast();
    held.layout = new;
    assert!(held.block.addr().get().is_multiple_of(new.align()), "{new:?}");
    let kept = old.size().min(new.size());
    assert!(*contents(held, kept) == held.bytes[..kept], "{old:?} to {new:?}");
    if zeroed && new.size() > old.size() {
        let added = &contents(held, new.size())[kept..];
        assert!(added.iter().all(|&byte| byte == 0), "{old:?} to {new:?}");
    }
    fill(held, random);
}

fn contents(held: &Held, bytes: usize) -> &[u8] {
    // SAFETY: the block has at least these bytes; what grew was zeroed, or is not
    // looked at before it is filled.
    unsafe { std::slice::from_raw_parts(held.block.as_ptr(), bytes) }
}

fn fill(held: &mut Held, random: &mut fastrand::Rng) {
    held.bytes = std::iter::repeat_with(|| random.u8(1..)).take(held.layout.size()).collect();
    let source = NonNull::from(&held.bytes[..]).cast();
    // SAFETY: the block is as long as its layout says, and nobody else's.
    unsafe { held.block.copy_from_nonoverlapping(source, held.bytes.len()) };
}

/// Of any tier or empty, at least `least` bytes.
fn random_layout(random: &mut fastrand::Rng, least: usize) -> Layout {
    let most = [0, 64, 600, 5000, 200_000, 1 << 20][random.usize(..6)];
    let align = if random.u8(..4) == 0 { 1 << random.u8(..=14) } else { 8 };
    Layout::from_size_align(least + random.usize(..=most), align).unwrap()
}

fn only_new_bytes_are_zeroed() {
    // In one block of 64 bytes: what was written beyond the old size reads zero.
    let layouts = [33, 64].map(|size| Layout::from_size_align(size, 1).unwrap());
    let block = POOL.allocate(layouts[1]).unwrap().cast::<u8>();
    // SAFETY: the block has 64 bytes.
    unsafe { block.write_bytes(0xAB, 64) };
    // SAFETY: the block has the first layout.
    let shrunk = unsafe { POOL.shrink(block, layouts[1], layouts[0]) }.unwrap().cast::<u8>();
    // SAFETY: as above.
    let grown = unsafe { POOL.grow_zeroed(shrunk, layouts[0], layouts[1]) }.unwrap();
    // SAFETY: the block's 64 bytes are all written.
    let bytes = unsafe { grown.as_ref() };
    assert!(bytes[..33].iter().all(|&byte| byte == 0xAB) && bytes[33..] == [0; 31]);
    // SAFETY: the block has this layout and is not used again.
    unsafe { POOL.deallocate(grown.cast(), layouts[1]) };
}

fn impossible_sizes_are_errors() {
    let layout = Layout::from_size_align(1 << 60, 8).unwrap();
    assert!(POOL.allocate(layout).is_err() && POOL.allocate_zeroed(layout).is_err());
    let small = Layout::from_size_align(100, 8).unwrap();
    let block = POOL.allocate(small).unwrap().cast();
    // SAFETY: the block has the old layout, and keeps it.
    assert!(unsafe { POOL.grow(block, small, layout) }.is_err());
    // SAFETY: the block has this layout still and is not used again.
    unsafe { POOL.deallocate(block, small) };
}

/// A thread's first allocation is of a class of which the heap that it takes over has
/// blocks cached: none of these is lost.
fn threads_use_what_ended_ones_left_cached() {
    for _ in 0..10 {
        let thread = std::thread::spawn(|| {
            let boxes: Vec<_> = (0..8).map(|_| PoolBox::new_in([1_u8; 100], &POOL)).collect();
            assert_eq!(stats().bytes_in_use(), 8 * 112);
            drop(boxes);
        });
        thread.join().unwrap();
    }
}
