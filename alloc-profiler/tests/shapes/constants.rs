//! What the compiler evaluates, which holds no probe: lengths, const blocks, const
//! arguments, discriminants.

use super::harness::{Log, Noisy, note};

shapes! {
    constants: pub fn constants(log: &Log, n: u32) -> usize {
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

    const_blocks: pub fn const_blocks(log: &Log, n: u32) -> u32 {
        const {
            let x = 1;
            assert!(x == 1);
        }
        let _a = Noisy::new("a", log);
        let y = const {
            let mut sum = 0;
            let mut i = 0;
            while i < 4 {
                i += 1;
                if i == 2 { continue; }
                sum += i;
            }
            sum
        } + n;
        match y {
            10 => const { let z = 5; z * 2 },
            _ => y,
        }
    }

    const_block_as_tail: pub fn const_block_as_tail(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        note(log, n.to_string());
        const {
            let x = 3;
            x + 4
        }
    }

    repeated: pub fn repeated(log: &Log, n: u32) -> usize {
        let _a = Noisy::new("a", log);
        let numbers = [{ let x = n; x + 1 }; 3];
        let strings = [const { String::new() }; 2];
        let once = [Noisy::new("once", log); 1];
        let nested = [[n; 2]; { const N: usize = 2; N }];
        numbers.len() + strings.len() + once[0].len() + nested.concat().len()
    }

    lengths_in_types: pub fn lengths_in_types(log: &Log, n: u32) -> usize {
        let all: [u32; { let two = 2; two * 2 }] = [n; 4];
        let boxed: Box<[u8; size_of::<[u32; { let x = 3; x }]>()]> = Box::new([0; 12]);
        fn take(all: &[u32; { let two = 2; two + 2 }]) -> usize {
            let len = all.len();
            len
        }
        let _a = Noisy::new("a", log);
        take(&all) + boxed.len()
    }

    discriminants: pub fn discriminants(log: &Log, n: u32) -> i32 {
        #[repr(u8)]
        #[derive(Clone, Copy)]
        enum Level {
            Low = { let x = 2; x },
            High = 7,
        }
        let level = if n > 2 { Level::High } else { Level::Low };
        let _a = Noisy::new("a", log);
        level as i32
    }

    const_functions_within: pub fn const_functions_within(log: &Log, n: u32) -> u32 {
        const fn square(x: u32) -> u32 {
            let y = x;
            y * y
        }
        const NINE: u32 = square(3);
        static SIXTEEN: u32 = square(4);
        let array = [0_u8; square(2) as usize];
        square(n) + NINE + SIXTEEN + array.len() as u32
    }

    constants_in_patterns: pub fn constants_in_patterns(log: &Log, n: u32) -> &'static str {
        const ZERO: u32 = 0;
        const ONE: u32 = { let x = ZERO; x + 1 };
        const LAST: u32 = u32::MAX;
        match n {
            ZERO => "zero",
            ONE => {
                let _one = Noisy::new("one", log);
                "one"
            }
            2..=LAST if n == 3 => "three",
            u32::MIN..4 => "below four",
            4.. => "four or more",
        }
    }

    promoted: pub fn promoted(log: &Log, n: u32) -> &'static [u32] {
        let _a = Noisy::new("a", log);
        let few: &'static [u32] = &[1, 2];
        let none: &'static mut [u32] = &mut [];
        note(log, none.len().to_string());
        if n > 2 {
            few
        } else {
            const { &[{ let x = 3; x }] }
        }
    }

    associated_constants: pub fn associated_constants(log: &Log, n: u32) -> u32 {
        struct Holder<const N: usize>;
        impl<const N: usize> Holder<N> {
            const TWICE: usize = { let n = N; n * 2 };
            const NAMES: [&'static str; 2] = ["a", "b"];
        }
        let _a = Noisy::new(Holder::<1>::NAMES[n as usize % 2], log);
        Holder::<{ 1 + 2 }>::TWICE as u32 + n
    }
}
