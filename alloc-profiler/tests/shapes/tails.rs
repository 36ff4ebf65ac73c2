//! How bodies and blocks end: the last expression, its temporaries, and bodies
//! without one.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Mutex;

use super::harness::{Log, Noisy, note};

shapes! {
    tail_temporaries: pub fn tail_temporaries(log: &Log, _: u32) -> usize {
        let a = Noisy::new("a", log);
        let b = Noisy::new("b", log);
        Noisy::new("temporary", log).len()
            + a.child("x").itself().len()
            + b.len()
    }

    borrowed_tail: pub fn borrowed_tail(log: &Log, n: u32) -> usize {
        let cell = Rc::new(RefCell::new(vec![Noisy::new("held", log)]));
        let others = cell.clone();
        if n > 3 {
            others.borrow_mut().push(Noisy::new("more", log));
        }
        let held = cell.borrow().len();
        held
    }

    borrowed_in_tail: pub fn borrowed_in_tail(log: &Log, n: u32) -> String {
        let cell: &RefCell<_> = Box::leak(Box::new(RefCell::new(Noisy::new("held", log))));
        let _later = Noisy::new("later", log);
        cell.borrow().child(&n.to_string()).name.clone()
    }

    locked_tail: pub fn locked_tail(log: &Log, n: u32) -> u32 {
        let mutex = Rc::new(Mutex::new(n));
        let other = mutex.clone();
        let _noisy = Noisy::new("noisy", log);
        *other.lock().unwrap() += 1;
        {
            let inner = mutex.clone();
            let value = *inner.lock().unwrap();
            value
        }
    }

    tail_in_inner_block: pub fn tail_in_inner_block(log: &Log, n: u32) -> usize {
        let outer = Noisy::new("outer", log);
        let len = {
            let _inner = outer.child("inner");
            outer.child("temporary").itself().len()
        };
        note(log, "between");
        len + n as usize
    }

    tail_is_match: pub fn tail_is_match(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        match a.child("scrutinee").len() {
            len if n == 0 => len,
            len => {
                let _b = a.child("b");
                a.child("c").len() + len
            }
        }
    }

    tail_is_if: pub fn tail_is_if(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        if a.child("condition").len() > 20 { 0 }
        else if n % 2 == 1 { a.child("odd").len() }
        else {
            let _b = a.child("b");
            a.child("even").len()
        }
    }

    tail_is_reference: pub fn tail_is_reference(log: &Log, n: u32) -> &'static str {
        let _a = Noisy::new("a", log);
        let names = &["zero", "one", "two"];
        names.get(n as usize)
            .copied()
            .unwrap_or_else(|| {
                let _b = Noisy::new("b", log);
                "many"
            })
    }

    tail_is_struct: pub fn tail_is_struct(log: &Log, n: u32) -> (usize, Vec<usize>) {
        struct Pair { left: usize, right: Vec<usize> }
        let a = Noisy::new("a", log);
        let Pair { left, right } = Pair {
            left: a.child("left").len(),
            right: vec![a.child("right").len(); n as usize],
        };
        (
            left,
            right,
        )
    }

    tail_is_assignment: pub fn tail_is_assignment(log: &Log, n: u32) {
        let mut a = Noisy::new("a", log);
        let _b = Noisy::new("b", log);
        a = Noisy::new(&n.to_string(), log)
    }

    tail_is_return: pub fn tail_is_return(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        return a.child("returned").len() + n as usize
    }

    tail_is_macro: pub fn tail_is_macro(log: &Log, n: u32) -> String {
        let a = Noisy::new("a", log);
        format!("{} {n}", a.child("argument").name)
    }

    tail_is_braced_macro: pub fn tail_is_braced_macro(log: &Log, n: u32) -> Vec<usize> {
        let a = Noisy::new("a", log);
        vec! { a.child("argument").len(), n as usize }
    }

    tail_is_closure_call: pub fn tail_is_closure_call(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        (|b: Noisy<'_>| { let c = b.child("c"); c.len() + n as usize })(a.child("b"))
    }

    tail_is_unit_call: pub fn tail_is_unit_call(log: &Log, n: u32) {
        let a = Noisy::new("a", log);
        drop(a.child(&n.to_string()))
    }

    tail_is_loop: pub fn tail_is_loop(log: &Log, n: u32) -> u32 {
        let a = Noisy::new("a", log);
        let mut x = 0;
        loop {
            let _round = a.child("round");
            x += 1;
            if x > n { break x; }
        }
    }

    tail_is_unsafe: pub fn tail_is_unsafe(log: &Log, n: u32) -> u32 {
        let a = Noisy::new("a", log);
        // SAFETY: a reference is valid to read.
        unsafe {
            let _b = a.child("b");
            std::ptr::read(&n)
        }
    }

    ends_in_statement: pub fn ends_in_statement(log: &Log, n: u32) {
        let a = Noisy::new("a", log);
        let _b = a.child("b");
        if n > 3 { return; }
        note(log, "end");
    }

    ends_in_let: pub fn ends_in_let(log: &Log, n: u32) {
        let a = Noisy::new("a", log);
        {
            let _inner = a.child("inner");
            let _last = a.child(&n.to_string());
        }
        let _b = a.child("b");
    }

    ends_in_item: pub fn ends_in_item(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        return twice(n);
        fn twice(n: u32) -> u32 {
            let n = n;
            n * 2
        }
    }

    ends_in_semicolons: pub fn ends_in_semicolons(log: &Log, n: u32) {
        let _a = Noisy::new("a", log);;
        note(log, n.to_string());;;
    }

    empty_body: pub fn empty_body(_: &Log, _: u32) {}

    only_a_comment: pub fn only_a_comment(_: &Log, _: u32) {
        // Nothing is done here.
    }

    only_a_unit: pub fn only_a_unit(_: &Log, _: u32) { () }

    only_an_expression: pub fn only_an_expression(_: &Log, n: u32) -> u32 { n.pow(2) }

    only_a_block: pub fn only_a_block(log: &Log, n: u32) -> usize {{
        let a = Noisy::new("a", log);
        { a.len() + n as usize }
    }}

    on_one_line: pub fn on_one_line(log: &Log, n: u32) -> usize { let a = Noisy::new("a", log); let b = a.child("b"); b.itself().len() + n as usize }
}
