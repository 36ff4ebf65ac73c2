//! When values are dropped: by scope, by assignment, by hand, and never.

use std::mem::{self, ManuallyDrop};
use std::rc::Rc;

use super::harness::{Log, Noisy, note};

shapes! {
    locals_in_reverse: pub fn locals_in_reverse(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        let _b = Noisy::new("b", log);
        let (_c, _d) = (Noisy::new("c", log), Noisy::new("d", log));
        let [_e, _f] = ["e", "f"].map(|name| Noisy::new(name, log));
        n
    }

    underscore_drops_at_once: pub fn underscore_drops_at_once(log: &Log, n: u32) -> u32 {
        let _ = Noisy::new("at once", log);
        let _kept = Noisy::new("kept", log);
        let (_, _second) = (Noisy::new("first", log), Noisy::new("second", log));
        let place = Noisy::new("place", log);
        let _ = place;
        _ = Noisy::new("assigned", log);
        (_, _) = (Noisy::new("x", log), Noisy::new("y", log));
        note(log, "end");
        n
    }

    dropped_by_assignment: pub fn dropped_by_assignment(log: &Log, n: u32) -> String {
        let mut a = Noisy::new("first", log);
        for i in 0..n {
            a = a.child(&i.to_string());
        }
        let mut pair = (Noisy::new("left", log), Noisy::new("right", log));
        pair.0 = Noisy::new("new left", log);
        (pair.1, a) = (a, pair.1);
        a.name.clone()
    }

    replaced_taken_swapped: pub fn replaced_taken_swapped(log: &Log, n: u32) -> Option<usize> {
        let mut a = Noisy::new("a", log);
        let mut b = Noisy::new("b", log);
        mem::swap(&mut a, &mut b);
        let old = mem::replace(&mut a, Noisy::new("c", log));
        let mut option = Some(old);
        if n % 2 == 0 {
            drop(option.take());
        } else {
            option.replace(Noisy::new("d", log));
        }
        let inserted = option.get_or_insert_with(|| Noisy::new("e", log)).len();
        option.take().map(|noisy| noisy.len() + inserted)
    }

    partly_moved: pub fn partly_moved(log: &Log, n: u32) -> usize {
        struct Three<'a> { x: Noisy<'a>, y: Noisy<'a>, z: Noisy<'a> }
        let three = Three {
            z: Noisy::new("z", log),
            x: Noisy::new("x", log),
            y: Noisy::new("y", log),
        };
        let moved = three.y;
        if n > 2 {
            drop(three.x);
            return moved.len();
        }
        let Three { z, .. } = three;
        z.len()
    }

    moved_in_a_branch: pub fn moved_in_a_branch(log: &Log, n: u32) -> u32 {
        let a = Noisy::new("a", log);
        let b = Noisy::new("b", log);
        if n == 1 { drop(a) } else if n == 2 { mem::forget(b) }
        note(log, "after");
        n
    }

    moved_in_a_loop: pub fn moved_in_a_loop(log: &Log, n: u32) -> u32 {
        let mut held = Some(Noisy::new("held", log));
        let single = Noisy::new("single", log);
        let mut rounds = 0;
        loop {
            rounds += 1;
            if let Some(noisy) = held.take() {
                let _in = noisy.child("in");
            }
            if rounds > n {
                drop(single);
                break;
            }
        }
        note(log, "after");
        rounds
    }

    shared: pub fn shared(log: &Log, n: u32) -> usize {
        let first = Rc::new(Noisy::new("shared", log));
        let others: Vec<_> = (0..n).map(|_| Rc::clone(&first)).collect();
        drop(first);
        note(log, others.len().to_string());
        let count = others.first().map_or(0, Rc::strong_count);
        count
    }

    never_dropped: pub fn never_dropped(log: &Log, n: u32) -> usize {
        let kept = ManuallyDrop::new(Noisy::new("kept", log));
        mem::forget(Noisy::new("forgotten", log));
        let leaked: &Noisy<'_> = Box::leak(Box::new(Noisy::new("leaked", log)));
        let mut late = ManuallyDrop::new(Noisy::new("late", log));
        if n > 2 {
            // SAFETY: it is not used again.
            unsafe { ManuallyDrop::drop(&mut late) }
        }
        kept.len() + leaked.len()
    }

    scopes: pub fn scopes(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        {
            let _b = a.child("b");
            {
                let _c = a.child("c");
            }
            note(log, "inner done");
        }
        let len = { let _d = a.child("d"); { a.child("e").len() } };
        note(log, "outer done");
        len + n as usize
    }

    collections: pub fn collections(log: &Log, n: u32) -> usize {
        let mut all: Vec<_> = (0..n).map(|i| Noisy::new(&i.to_string(), log)).collect();
        all.truncate(4);
        all.retain(|noisy| noisy.name != "1");
        if all.len() > 1 { all.remove(0); all.swap_remove(0); }
        let boxed: Box<[_]> = all.drain(..).rev().collect();
        note(log, "drained");
        all.extend(boxed);
        all.insert(0, Noisy::new("new", log));
        all.len()
    }

    in_order_of_fields: pub fn in_order_of_fields(log: &Log, n: u32) -> u32 {
        struct Outer<'a> { second: Inner<'a>, first: Noisy<'a> }
        struct Inner<'a>(Noisy<'a>, Option<Box<Inner<'a>>>);
        impl Drop for Inner<'_> {
            fn drop(&mut self) { note(self.0.log, "drop inner"); }
        }
        let inner = Inner(Noisy::new("leaf", log), None);
        let _outer = Outer {
            first: Noisy::new("first", log),
            second: Inner(Noisy::new("node", log), Some(Box::new(inner))),
        };
        n
    }

    dropped_across_exits: pub fn dropped_across_exits(log: &Log, n: u32) -> u32 {
        let _outer = Noisy::new("outer", log);
        for i in 0..4 {
            let _round = Noisy::new(&i.to_string(), log);
            match (i, n) {
                (1, 1) => { let _x = Noisy::new("x", log); return 1 }
                (2, 2) => break,
                (0, 3) => { let _y = Noisy::new("y", log); continue; }
                (3, 4) => return { let _z = Noisy::new("z", log); 4 },
                _ => {}
            }
            let _end = Noisy::new("end", log);
        }
        n
    }

    temporaries_in_operators: pub fn temporaries_in_operators(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        let is_long = a.child("x").len() > 2 && a.child("yy").len() > 4 || a.child("z").len() > 9;
        let mut sum = usize::from(is_long);
        sum += a.child("added").len() * a.child("multiplied").len();
        let all = [1, 2, 3, 4, 5, 6, 7, 8];
        sum += all[a.child("").itself().len() + n as usize];
        sum -= (a.child("range").len()..9).count();
        sum
    }
}
