//! Statements: temporaries in them, several on a line, one over many lines, and
//! those that begin in ways that could be misread.

use super::harness::{Log, Noisy, note};

shapes! {
    statement_temporaries: pub fn statement_temporaries(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        let n = a.child("one").itself().len()
            + n as usize;
        a.child("two").itself().child("three");
        let _ = a.child("four");
        let _kept = a.child("five");
        n
    }

    extended_temporaries: pub fn extended_temporaries(log: &Log, n: u32) -> usize {
        let a = &Noisy::new("a", log);
        let b = match n % 3 {
            0 => &Noisy::new("zero", log),
            1 =>
                &Noisy::new("one", log),
            _ => {
                note(log, "block");
                &Noisy::new("more", log)
            }
        };
        let c = if n > 2 {
            note(log, "then");
            &Noisy::new("then", log)
        } else {
            note(log, "else");
            &Noisy::new("else", log)
        };
        a.len() + b.len() + c.len()
    }

    extended_in_struct: pub fn extended_in_struct(log: &Log, n: u32) -> usize {
        struct Holds<'a, 'b> { noisy: &'a Noisy<'b>, all: &'a [Noisy<'b>] }
        let holds = Holds {
            noisy: &Noisy::new("one", log),
            all: &[Noisy::new("two", log), Noisy::new("three", log)],
        };
        let (x, y) = (&Noisy::new("x", log), &mut Noisy::new("y", log));
        y.name.push_str("!");
        holds.noisy.len() + holds.all.len() + x.len() + y.len() + n as usize
    }

    extended_in_block: pub fn extended_in_block(log: &Log, n: u32) -> usize {
        let a = {
            note(log, "before");
            &Noisy::new("in block", log)
        };
        note(log, "after");
        let b = &{
            let made = Noisy::new("moved", log);
            made
        };
        a.len() * b.len() + n as usize
    }

    statement_starts: pub fn statement_starts(log: &Log, n: u32) -> i32 {
        let mut x = 1_i32;
        match n { _ => {} }
        *(&mut x) += 1;
        if n > 2 { x += 1 }
        -1;
        { x += 5; }
        (|| x)();
        match n {
            0 =>
                match x { 7 => 1, _ => 2 }.max(1) + 1,
            1 =>
                (if x > 2 { 5 } else { 6 }) as i32,
            2 =>
                loop { break x },
            3 =>
                { x }.max(2),
            _ =>
                -x,
        }
        .max(log.borrow().len() as i32)
    }

    several_on_a_line: pub fn several_on_a_line(log: &Log, n: u32) -> u32 {
        let a = Noisy::new("a", log); let b = a.child("b"); drop(a);
        let mut x = n; x += 1; if x > 3 { x -= 1; note(log, "less") } x *= 2;
        for i in 0..x { if i == 2 { break } let _c = b.child("c"); } x
    }

    long_chain: pub fn long_chain(log: &Log, n: u32) -> Vec<String> {
        let all: Vec<_> = (0..n)
            .map(|i| Noisy::new(&i.to_string(), log))
            .filter(|noisy| {
                let is_kept = noisy.name != "1";
                is_kept
            })
            .map(|noisy| {
                noisy
                    .child("x")
                    .child("y")
            })
            .collect();
        all
            .iter()
            .rev()
            .map(|noisy| noisy.name.clone())
            .collect::<Vec<_>>()
    }

    blocks_in_odd_places: pub fn blocks_in_odd_places(log: &Log, n: u32) -> u32 {
        let a = Noisy::new("a", log);
        let add = |x: u32, y: u32| x + y;
        let x = add(
            {
                let _b = a.child("b");
                n
            },
            if n > 1 {
                let _c = a.child("c");
                10
            } else {
                20
            },
        );
        if {
            let _d = a.child("d");
            x > 15
        } {
            note(log, "yes");
        }
        // SAFETY: a reference is valid to read.
        let y = unsafe {
            let _e = a.child("e");
            std::ptr::read(&x)
        };
        (match n { 0 => { y } 1 => y + 1, _ => { let z = y; z } }) - {
            let _f = a.child("f");
            1
        }
    }

    late_initialisation: pub fn late_initialisation(log: &Log, n: u32) -> String {
        let name;
        let noisy;
        let unused: Noisy<'_>;
        if n % 2 == 0 {
            name = "even";
            noisy = Noisy::new(name, log);
        } else {
            noisy = Noisy::new("odd", log);
            name = "odd";
        }
        let second: String;
        second = noisy.child(name).name.clone();
        second
    }

    shadowed: pub fn shadowed(log: &Log, n: u32) -> usize {
        let x = Noisy::new("x", log);
        let x = x.child("y");
        let x = { let x = x.child("z"); x.len() };
        let n = n as usize;
        let n = { let n = n + 1; n * x };
        n
    }

    names_of_the_expansion: pub fn names_of_the_expansion(log: &Log, n: u32) -> String {
        // The names that the expansion uses must not be seen.
        let guard = Noisy::new("guard", log);
        let path = guard.child("path");
        let (_block, _round, _close) = (1, 2, 3);
        struct Site(u32);
        struct Guard;
        static SITE: Site = Site(3);
        let str = path.child("str");
        mod core {}
        mod alloc_profiler {}
        fn path_of() -> &'static str { "path" }
        for _ in 0..n {
            let _x = guard.child("round");
        }
        format!("{} {} {} {} {}", str.name, SITE.0, path_of(), n, _block + _round + _close)
    }

    raw_names: pub fn raw_names(log: &Log, r#type: u32) -> usize {
        struct r#struct { r#fn: u32 }
        let r#match = Noisy::new("match", log);
        let r#loop = r#struct { r#fn: r#type };
        let r#async = r#match.child("async");
        fn r#move(r#in: u32) -> usize { r#in as usize }
        r#async.len() + r#move(r#loop.r#fn)
    }

    attributes_on_statements: pub fn attributes_on_statements(log: &Log, n: u32) -> u32 {
        #![allow(unused_variables)]
        let unused = Noisy::new("unused", log);
        #[allow(clippy::let_and_return)]
        let x = {
            #[allow(unused_mut)]
            let mut y = n;
            y
        };
        #[allow(clippy::needless_return)]
        if x > 3 {
            #[allow(unused_must_use)]
            { x + 1; }
            #[expect(clippy::all, reason = "of no account")]
            return x;
        }
        #[rustfmt::skip]
        note(log, "skipped");
        #[allow(clippy::identity_op)]
        { x + 0 }
    }

    doc_comments_within: pub fn doc_comments_within(log: &Log, n: u32) -> u32 {
        /// Documented.
        struct Documented;
        /// A local's documentation is ignored.
        let a = Noisy::new("a", log);
        /* A comment. */ let b = n; /* another */
        b // and the last
    }
}
