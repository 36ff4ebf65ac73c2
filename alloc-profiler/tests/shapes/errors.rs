//! `?`: early exits with values of many kinds, and what they drop.

use std::fmt;
use std::ops::ControlFlow;

use super::harness::{Log, Noisy, note};

/// An error with two sources.
#[derive(Debug)]
#[expect(dead_code, reason = "it is only printed")]
enum Failure {
    Number(std::num::ParseIntError),
    Text(String),
}

impl From<std::num::ParseIntError> for Failure {
    fn from(error: std::num::ParseIntError) -> Self {
        Self::Number(error)
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Failure {}

const TEXTS: [&str; 6] = ["7", "x", "300", "4", "0", "99"];

shapes! {
    question_marks: pub fn question_marks(log: &Log, n: u32) -> Result<u8, String> {
        let _a = Noisy::new("a", log);
        let n: u8 = Noisy::new(TEXTS[n as usize], log).name
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

    options: pub fn options(log: &Log, n: u32) -> Option<String> {
        let a = Noisy::new("a", log);
        let x = n.checked_sub(1)?;
        let b = a.child("b");
        let c = b.name.chars().nth(x as usize)?;
        note(log, "found");
        let d = Some(b.child("d")).filter(|_| c != '.')?;
        Some(d.name.clone())
    }

    converted: pub fn converted(log: &Log, n: u32) -> Result<u32, Failure> {
        let text = Noisy::new(TEXTS[n as usize], log);
        let number: u8 = text.name.parse()?;
        if number == 0 {
            Err("zero")?;
        }
        if number == 4 {
            return Err("four".into());
        }
        Ok(number.into())
    }

    boxed: pub fn boxed(log: &Log, n: u32) -> Result<u8, Box<dyn std::error::Error>> {
        let _a = Noisy::new("a", log);
        let number: u8 = Noisy::new(TEXTS[n as usize], log).name.parse()?;
        let small = u8::try_from(u32::from(number) * 50)?;
        if number == 0 {
            return Err(Box::new(Failure::Text("zero".into())));
        }
        let not_four = if number == 4 { Err(Failure::from("four")) } else { Ok(small) };
        Ok(not_four?)
    }

    in_a_loop: pub fn in_a_loop(log: &Log, n: u32) -> Result<u32, Failure> {
        let mut sum = 0;
        for text in &TEXTS[n as usize..] {
            let noisy = Noisy::new(text, log);
            let number: u32 = noisy.name.parse()?;
            let _after = noisy.child("after");
            sum += number;
        }
        Ok(sum)
    }

    in_a_condition: pub fn in_a_condition(log: &Log, n: u32) -> Option<u32> {
        let _a = Noisy::new("a", log);
        if n.checked_sub(1)? > 2 {
            let _b = Noisy::new("b", log);
            return Some(n);
        }
        while n.checked_sub(2)? == 9 {}
        match TEXTS[n as usize].parse::<u32>().ok()? {
            4 => None?,
            x if x.checked_sub(1)? > 1 => Some(x),
            _ => Some(0),
        }
    }

    in_arguments: pub fn in_arguments(log: &Log, n: u32) -> Option<usize> {
        let a = Noisy::new("a", log);
        let list = [
            a.child("one").len(),
            n.checked_sub(1)? as usize,
            a.child("two").len() + n.checked_sub(2)? as usize,
        ];
        Some(usize::max(list.len(), Noisy::new("last", log).len() + n.checked_sub(3)? as usize))
    }

    as_the_tail: pub fn as_the_tail(log: &Log, n: u32) -> Result<(), Failure> {
        let _a = Noisy::new("a", log);
        let _number: u8 = TEXTS[n as usize].parse()?;
        let check = |x: u32| if x > 3 { Err("more than three") } else { Ok(()) };
        Ok(check(n)?)
    }

    several_in_a_row: pub fn several_in_a_row(log: &Log, n: u32) -> Option<char> {
        let nested = Some(Some(Some(Noisy::new("abc", log))));
        let c = nested???.name.chars().nth(n as usize)?;
        Some(c.to_uppercase().next()?)
    }

    in_a_closure: pub fn in_a_closure(log: &Log, n: u32) -> Result<u32, Failure> {
        let parse = |text: &str| -> Result<u32, Failure> {
            let noisy = Noisy::new(text, log);
            let number = noisy.name.parse::<u32>()?;
            Ok(number + 1)
        };
        let first = parse(TEXTS[n as usize]);
        let second = parse("3")?;
        Ok(first? + second)
    }

    control_flow: pub fn control_flow(log: &Log, n: u32) -> ControlFlow<String, u32> {
        let _a = Noisy::new("a", log);
        let visit = |i: u32| match i {
            3 => ControlFlow::Break(format!("at {i}")),
            _ => ControlFlow::Continue(i),
        };
        let mut sum = 0;
        for i in 0..n {
            let _round = Noisy::new("round", log);
            sum += visit(i)?;
        }
        ControlFlow::Continue(sum)
    }

    in_a_method_chain: pub fn in_a_method_chain(log: &Log, n: u32) -> Option<String> {
        let a = Noisy::new("a", log);
        let name = Some(&a)
            .filter(|_| n > 0)?
            .child("b")
            .name
            .strip_prefix("a.")?
            .chars()
            .chain(['x'])
            .nth(n as usize - 1)?
            .to_string();
        Some(name)
    }
}
