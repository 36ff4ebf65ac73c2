// The functions of `shapes.rs`, which includes this file; see there.

use std::alloc::System;
use std::cell::RefCell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;

use alloc_profiler::ProfiledAlloc;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// What happened, in order.
type Log = RefCell<Vec<String>>;

/// Notes in the log when it is dropped.
struct Noisy<'a> {
    name: String,
    log: &'a Log,
}

impl<'a> Noisy<'a> {
    fn new(name: &str, log: &'a Log) -> Self {
        log.borrow_mut().push(format!("make {name}"));
        Self { name: name.to_owned(), log }
    }

    fn len(&self) -> usize {
        self.name.len()
    }

    fn itself(&self) -> &Self {
        self
    }

    fn child(&self, name: &str) -> Noisy<'a> {
        Noisy::new(&format!("{}.{name}", self.name), self.log)
    }
}

impl Drop for Noisy<'_> {
    fn drop(&mut self) {
        self.log.borrow_mut().push(format!("drop {}", self.name));
    }
}

/// Defines each function once as it is and once with the attribute, and a test
/// that calls both and compares.
macro_rules! shapes {
    ($($name:ident: $item:item)*) => {
        #[allow(unused, clippy::all, clippy::pedantic, reason = "to be met, not to be imitated")]
        mod plain {
            use super::*;
            $($item)*
        }
        #[allow(unused, clippy::all, clippy::pedantic, reason = "as above")]
        mod profiled {
            use super::*;
            $(#[alloc_profiler::profile] $item)*
        }
        $(
            #[test]
            fn $name() {
                compare(stringify!($name), plain::$name, profiled::$name);
            }
        )*
    };
}

/// Runs both functions on several inputs, and compares what they return or
/// panic with, and what they log.
fn compare<T: Debug>(name: &str, plain: fn(&Log, u32) -> T, profiled: fn(&Log, u32) -> T) {
    for input in 0..6 {
        let [expected, found] = [plain, profiled].map(|function| {
            let log = Log::default();
            let result = catch_unwind(AssertUnwindSafe(|| format!("{:?}", function(&log, input))));
            let result = result.map_err(|panic| match panic.downcast::<&str>() {
                Ok(text) => (*text).to_owned(),
                Err(panic) => panic.downcast::<String>().map_or_else(|_| "?".into(), |text| *text),
            });
            (result, log.into_inner())
        });
        assert_eq!(expected, found, "{name}({input})");
    }
    assert!(alloc_profiler::report().function(&format!("profiled::{name}")).is_some());
}

shapes! {
    tail_temporaries: pub(super) fn tail_temporaries(log: &Log, _: u32) -> usize {
        let a = Noisy::new("a", log);
        let b = Noisy::new("b", log);
        Noisy::new("temporary", log).len()
            + a.child("x").itself().len()
            + b.len()
    }

    statement_temporaries: pub(super) fn statement_temporaries(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        let n = a.child("one").itself().len()
            + n as usize;
        a.child("two").itself().child("three");
        let _ = a.child("four");
        let _kept = a.child("five");
        n
    }

    extended_temporaries: pub(super) fn extended_temporaries(log: &Log, n: u32) -> usize {
        let a = &Noisy::new("a", log);
        let b = match n % 3 {
            0 => &Noisy::new("zero", log),
            1 =>
                &Noisy::new("one", log),
            _ => {
                log.borrow_mut().push("block".into());
                &Noisy::new("more", log)
            }
        };
        let c = if n > 2 {
            log.borrow_mut().push("then".into());
            &Noisy::new("then", log)
        } else {
            log.borrow_mut().push("else".into());
            &Noisy::new("else", log)
        };
        a.len() + b.len() + c.len()
    }

    borrowed_tail: pub(super) fn borrowed_tail(log: &Log, n: u32) -> usize {
        let cell = Rc::new(RefCell::new(vec![Noisy::new("held", log)]));
        let others = cell.clone();
        if n > 3 {
            others.borrow_mut().push(Noisy::new("more", log));
        }
        let held = cell.borrow().len();
        held
    }

    scrutinee: pub(super) fn scrutinee(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        match a.child("scrutinee").itself().len() + n as usize {
            11 => {
                let _inner = Noisy::new("inner", log);
                1
            }
            12 if a.child("guard").len() > 3 => 2,
            13 =>
                a.child("arm").len(),
            n if n > 14 =>
                return n,
            _ => panic!("no such case"),
        }
    }

    if_let: pub(super) fn if_let(log: &Log, n: u32) -> Option<String> {
        if let Some(name) = Some(Noisy::new("some", log)).filter(|_| n % 2 == 0) {
            log.borrow_mut().push("then".into());
            let _x = name.child("x");
        } else if let Some(c) = Noisy::new("other", log).name.chars().nth(n as usize) {
            log.borrow_mut().push(format!("else if {c}"));
        } else {
            log.borrow_mut().push("else".into());
        }
        let Some(c) = Noisy::new("abc", log).name.chars().nth(n as usize) else {
            let _gone = Noisy::new("gone", log);
            return None;
        };
        Some(c.to_string())
    }

    question_marks: pub(super) fn question_marks(log: &Log, n: u32) -> Result<u8, String> {
        let _a = Noisy::new("a", log);
        let n: u8 = Noisy::new(["7", "x", "300", "4", "0", "99"][n as usize], log).name
            .parse::<u8>()
            .map_err(|error| error.to_string())?;
        let made = log.borrow().len() as u32;
        let x = {
            let _b = Noisy::new("b", log);
            (n as u32 + made % 3)
                .checked_sub(Noisy::new("four", log).len() as u32)
                .ok_or("too many")?
        };
        let wide = n as u32 * 60 * (x + 1) ;
        Ok(u8::try_from(wide).map_err(|error| error.to_string())?)
    }

    loops: pub(super) fn loops(log: &Log, n: u32) -> (u32, Option<u32>) {
        let mut sum = 0;
        for x in (0..n).map(|i| Noisy::new(&i.to_string(), log)) {
            let y = x.child("y");
            if y.name.starts_with('1') {
                continue;
            }
            sum += 1;
            let _z = x.child("z");
            if y.name.starts_with('3') {
                break;
            }
        }
        while let Some(x) = Some(Noisy::new("while", log)) {
            let _y = x.child("y");
            sum += 1;
            if sum > n {
                break
            }
        }
        let found = loop {
            let x = Noisy::new("loop", log);
            sum += 1;
            if sum % 2 == 0 { break None }
            if sum > 3 {
                break Some(sum + x.len() as u32);
            }
        };
        (sum, found)
    }

    labels: pub(super) fn labels(log: &Log, n: u32) -> u32 {
        let mut steps = 0;
        let early = 'rows: loop {
            let _row = Noisy::new("row", log);
            for column in 0.. {
                let _column = Noisy::new("column", log);
                steps += 1;
                if steps > n {
                    break 'rows column;
                }
                if column == 1 {
                    continue 'rows;
                }
            }
        };
        let late = 'block: {
            let _b = Noisy::new("b", log);
            if n == 2 {
                break 'block 100;
            }
            let _c = Noisy::new("c", log);
            200
        };
        early + late + steps
    }

    panics: pub(super) fn panics(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        for i in 0..n {
            let _b = Noisy::new("b", log);
            assert!(i < 3, "stopped at {i}");
        }
        let list = [1, 2, 3, 4];
        list[n as usize + 2]
    }

    never: pub(super) fn never(log: &Log, n: u32) -> ! {
        let _a = Noisy::new("a", log);
        loop {
            let _b = Noisy::new("b", log);
            if n < 10 {
                std::panic::panic_any(format!("never {n}"));
            }
        }
    }

    never_in_value: pub(super) fn never_in_value(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        let x: u32 = if n > 2 {
            return 1
        } else {
            n + 1
        };
        match x {
            0 => unreachable!(),
            1 => {
                let _b = Noisy::new("b", log);
                return 7;
            }
            n => { n }
        }
    }

    ends_in_statement: pub(super) fn ends_in_statement(log: &Log, n: u32) {
        let a = Noisy::new("a", log);
        let _b = a.child("b");
        if n > 3 { return; }
        log.borrow_mut().push("end".into());
    }

    ends_in_let: pub(super) fn ends_in_let(log: &Log, n: u32) {
        let a = Noisy::new("a", log);
        {
            let _inner = a.child("inner");
            let _last = a.child(&n.to_string());
        }
        let _b = a.child("b");
    }

    ends_in_item: pub(super) fn ends_in_item(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        return twice(n);
        fn twice(n: u32) -> u32 {
            let n = n;
            n * 2
        }
    }

    coercions: pub(super) fn coercions(log: &Log, n: u32) -> usize {
        let _a = Noisy::new("a", log);
        let call: Box<dyn Fn(usize) -> usize> = match n {
            0 =>
                Box::new(|x| x),
            1 => {
                let by = n as usize;
                Box::new(move |x| x + by)
            }
            _ =>
                Box::new(usize::reverse_bits),
        };
        fn one(x: usize) -> usize { x + 1 }
        fn two(x: usize) -> usize { x + 2 }
        let pointer = match n {
            0 =>
                one,
            _ =>
                two,
        };
        let slice: &[usize] = if n > 1 {
            let x = &[1, 2, 3];
            x
        } else {
            &[4]
        };
        call(pointer(slice.len()))
    }

    closures: pub(super) fn closures(log: &Log, n: u32) -> Vec<String> {
        let a = Noisy::new("a", log);
        let mut count = 0;
        let mut next = || {
            count += 1;
            let inner = a.child("inner");
            if count > n {
                return None;
            }
            Some(inner.name.clone())
        };
        let mut all = Vec::new();
        while let Some(name) = next() {
            all.push(name);
        }
        let lazy = move || {
            let moved = a;
            moved.name.clone()
        };
        all.push(lazy());
        all
    }

    conditional: pub(super) fn conditional(log: &Log, n: u32) -> u32 {
        #[cfg(any())]
        let n = nothing_like_this;
        let _a = Noisy::new("a", log);
        #[cfg(all())]
        let n = n + 1;
        #[cfg(any())]
        return nothing;
        #[cfg(all())]
        {
            let _b = Noisy::new("b", log);
            n * 2
        }
        #[cfg(any())]
        {
            n * 3
        }
    }

    macros: pub(super) fn macros(log: &Log, n: u32) -> usize {
        macro_rules! noisy {
            ($name:ident) => {
                let $name = Noisy::new(stringify!($name), log);
            };
        }
        noisy!(x);
        noisy! { y }
        noisy!{z} noisy![w];
        if n > 3 {
            noisy!(inner);
            assert_eq!(inner.len(), 5);
        }
        let total = vec![x.len(), y.len(), z.len(), w.len()]
            .into_iter()
            .sum::<usize>();
        match n {
            0 => vec![total].len(),
            1 => { format!("{total}").len() }
            _ => matches! { n, 2..=4 } as usize,
        }
    }

    constants: pub(super) fn constants(log: &Log, n: u32) -> usize {
        const LEN: usize = {
            let two = 2;
            two + 1
        };
        let zeros = [0_u8; {
            let two = 2;
            two * LEN
        }];
        let none = [const {
            let x: Option<u8> = None;
            x
        }; 2];
        fn wide<const N: usize>() -> usize { N }
        let wide = wide::<{
            let four = 4;
            four
        }>();
        let _a = Noisy::new("a", log);
        zeros.len() + none.len() + wide + n as usize
    }

    blocks_in_odd_places: pub(super) fn blocks_in_odd_places(log: &Log, n: u32) -> u32 {
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
            log.borrow_mut().push("yes".into());
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

    statement_starts: pub(super) fn statement_starts(log: &Log, n: u32) -> i32 {
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

    diverging_let_else: pub(super) fn diverging_let_else(log: &Log, n: u32) -> u32 {
        let mut sum = 0;
        for i in 0..n {
            let Some(x) = i.checked_sub(2) else {
                let _skipped = Noisy::new("skipped", log);
                continue;
            };
            let Ok(y) = u8::try_from(x * 100) else { break };
            sum += u32::from(y);
        }
        sum
    }

    shadowing: pub(super) fn shadowing(log: &Log, n: u32) -> String {
        // The names that the expansion uses must not be seen.
        let guard = Noisy::new("guard", log);
        let path = guard.child("path");
        struct Site(u32);
        static SITE: Site = Site(3);
        let str = path.child("str");
        fn path_of() -> &'static str { "path" }
        format!("{} {} {} {}", str.name, SITE.0, path_of(), n)
    }

    allowed: pub(super) fn allowed(log: &Log, n: u32) -> u32 {
        #![allow(unused_variables)]
        let unused = Noisy::new("unused", log);
        #[allow(clippy::let_and_return)]
        let x = {
            #[allow(unused_mut)]
            let mut y = n;
            y
        };
        x
    }
}

struct Counter {
    steps: Vec<usize>,
}

trait Steps {
    fn steps(&self) -> usize;

    #[alloc_profiler::profile]
    fn twice(&self) -> usize {
        let steps: Vec<_> = [self.steps(); 2].into();
        steps.iter().sum()
    }
}

impl Steps for Counter {
    #[alloc_profiler::profile]
    fn steps(&self) -> usize {
        self.steps.len()
    }
}

impl Counter {
    #[alloc_profiler::profile]
    fn new(steps: usize) -> Self {
        let steps = (0..steps).collect();
        Self { steps }
    }

    #[alloc_profiler::profile]
    fn push(&mut self, step: usize) -> &mut usize {
        self.steps.push(step);
        self.steps.last_mut().expect("it was pushed")
    }

    #[alloc_profiler::profile]
    fn into_steps(mut self) -> impl Iterator<Item = usize> {
        self.steps.reverse();
        self.steps.into_iter()
    }
}

#[alloc_profiler::profile]
fn longest<'a, T>(x: &'a T, y: &'a T) -> &'a str
where
    T: AsRef<str> + ?Sized,
{
    let (x, y) = (x.as_ref(), y.as_ref());
    if x.len() > y.len() { x } else { y }
}

#[alloc_profiler::profile]
#[track_caller]
fn whence() -> &'static Location<'static> {
    let here = Location::caller();
    here
}

/// Reads a pointer.
///
/// # Safety
/// `at` must be valid to read.
#[alloc_profiler::profile]
unsafe fn read(at: *const u32) -> u32 {
    // SAFETY: as promised by the caller.
    unsafe { *at }
}

#[alloc_profiler::profile]
extern "C" fn for_c(n: u32) -> u32 {
    let list = Box::new([n; 3]);
    list.iter().sum()
}

#[alloc_profiler::profile]
fn patterns((x, [y, z]): (u32, [u32; 2]), Counter { steps }: Counter, _: String) -> usize {
    (x + y + z) as usize + steps.len()
}

#[test]
fn methods_traits_generics_and_calling_conventions_work() {
    let mut counter = Counter::new(3);
    *counter.push(9) += 1;
    assert_eq!((counter.steps(), counter.twice()), (4, 8));
    assert_eq!(counter.into_steps().collect::<Vec<_>>(), [10, 2, 1, 0]);
    assert_eq!(longest("long", "er"), "long");
    assert_eq!(longest(&String::from("a"), &String::from("bc")), "bc");
    let (line, location) = (line!(), whence());
    assert_eq!((location.line(), location.file()), (line, file!()));
    // SAFETY: a reference is valid to read.
    assert_eq!(unsafe { read(&7) }, 7);
    assert_eq!(for_c(5), 15);
    assert_eq!(patterns((1, [2, 3]), Counter::new(4), String::from("x")), 10);
    let report = alloc_profiler::report();
    let names: Vec<_> = report.functions.iter().map(|function| &*function.name).collect();
    for name in ["Counter>::push", "Steps>::steps", "Steps::twice", "longest", "whence", "for_c"] {
        let found = names
            .iter()
            .any(|found| found.ends_with(name) || found.contains(&name.replace('>', "")));
        assert!(found, "{name} is not in {names:?}");
    }
}
