//! What edition 2021 does not know: chains of `if let`, and `gen` as a keyword.

use super::harness::{Log, Noisy, note};

shapes! {
    if_let_chains: pub fn if_let_chains(log: &Log, n: u32) -> u32 {
        let a = Noisy::new("a", log);
        if let Some(x) = n.checked_sub(1)
            && let child = a.child("child")
            && x < child.len() as u32
            && let Some(y) = x.checked_sub(2)
        {
            let _in = child.child("in");
            y
        } else if n == 1 && let Some(c) = a.child("x").itself().name.chars().nth(0) {
            c as u32
        } else {
            note(log, "else");
            0
        }
    }

    while_let_chains: pub fn while_let_chains(log: &Log, n: u32) -> u32 {
        let mut stack: Vec<_> = (0..=n).map(|i| Noisy::new(&i.to_string(), log)).collect();
        let mut rounds = 0;
        while let Some(noisy) = stack.pop()
            && noisy.name != "2"
            && let rest = stack.len() as u32
        {
            rounds += rest;
            if let 3 = rest && n > 3 { continue }
            let _child = noisy.child("child");
        }
        rounds
    }

    chains_in_guards: pub fn chains_in_guards(log: &Log, n: u32) -> &'static str {
        let a = Noisy::new("a", log);
        match n {
            x if x > 3 && a.child("guard").len() > 3 => "large",
            _ => {
                if let 0..=1 = n && let len = a.child("few").len() && len > 3 { return "few" }
                "some"
            }
        }
    }

    chain_temporaries: pub fn chain_temporaries(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        let len = if let Some(c) = a.child("x").itself().name.chars().nth(n as usize)
            && a.child("y").len() > 2
            && let Some(_) = c.to_digit(36)
        {
            let _then = a.child("then");
            1
        } else {
            let _else = a.child("else");
            2
        };
        note(log, "after");
        len
    }

    chain_as_tail: pub fn chain_as_tail(log: &Log, n: u32) -> Option<usize> {
        let a = Noisy::new("a", log);
        if n > 1 && let Some(x) = n.checked_sub(3) && let child = a.child(&x.to_string()) { Some(child.itself().len()) } else { None }
    }

    borrow_in_tail: pub fn borrow_in_tail(log: &Log, n: u32) -> usize {
        // Edition 2021 drops `cell` before the borrow of it.
        let cell = std::cell::RefCell::new(Noisy::new("held", log));
        let _b = Noisy::new("b", log);
        cell.borrow().len() + n as usize
    }

    borrow_in_if_let_tail: pub fn borrow_in_if_let_tail(log: &Log, n: u32) -> usize {
        let mutex = std::sync::Mutex::new(vec![Noisy::new("held", log)]);
        if let Some(noisy) = mutex.lock().unwrap().get(n as usize) {
            noisy.len()
        } else {
            mutex.lock().unwrap().push(Noisy::new("pushed", log));
            mutex.lock().unwrap().len()
        }
    }

    async_closure_unused: pub fn async_closure_unused(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        let f = async |x: u32| { let y = x; y + n };
        drop(f(1));
        n
    }

    captured_lifetimes: pub fn captured_lifetimes(log: &Log, n: u32) -> usize {
        #[alloc_profiler::profile]
        fn lens(all: &[Noisy<'_>]) -> impl Iterator<Item = usize> {
            let count = all.len();
            all.iter().map(move |noisy| noisy.len() + count)
        }
        let all: Vec<_> = (0..n).map(|i| Noisy::new(&i.to_string(), log)).collect();
        lens(&all).sum()
    }

    raw_gen: pub fn raw_gen(log: &Log, r#gen: u32) -> u32 {
        let r#try = Noisy::new("try", log);
        r#gen + r#try.len() as u32
    }
}
