//! The fast paths, counted in instructions and compared with a golden file.
//!
//! The crate `fast-path` beside has a function for each; it is compiled to assembly
//! here, with Rust alone. A function's fast path is the way from its first
//! instruction to a `ret` that calls nothing. After a change that is meant:
//!
//! ```sh
//! GOLDEN=update cargo test -p integration-tests --test fast_path
//! ```

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names in the golden file, and the functions and ways that they stand for. The profiler's have
/// two: one as long as nobody has asked it to count, and a longer one.
const PATHS: [(&str, &str, Way); 8] = [
    ("alloc_64_bytes", "alloc_64_bytes", Way::Shortest),
    ("dealloc_64_bytes", "dealloc_64_bytes", Way::Shortest),
    ("alloc_any", "alloc_any", Way::Shortest),
    ("dealloc_any", "dealloc_any", Way::Shortest),
    ("uncounted_alloc_64_bytes", "profiled_alloc_64_bytes", Way::Shortest),
    ("uncounted_dealloc_64_bytes", "profiled_dealloc_64_bytes", Way::Shortest),
    ("counted_alloc_64_bytes", "profiled_alloc_64_bytes", Way::Longest),
    ("counted_dealloc_64_bytes", "profiled_dealloc_64_bytes", Way::Longest),
];
const RENEW: &str = "GOLDEN=update cargo test -p integration-tests --test fast_path";

#[test]
fn no_instruction_more() {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        println!("skipped: the golden file is for Linux on x86-64");
        return;
    }
    let assembly = compile();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/fast_path.x86_64.txt");
    let found = Paths::of(&assembly);
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "update") {
        std::fs::write(&file, found.to_text()).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    let golden = Paths::from_text(&golden);
    if let Err(differences) = found.compare(&golden) {
        panic!("{differences}\nIf this is meant: {RENEW}");
    }
}

/// Compiles the crate `fast-path` and returns its assembly.
fn compile() -> String {
    // A folder of its own: the outer cargo may hold the lock of the usual one.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fast_path");
    let assembly: PathBuf = folder.join("fast_path.s");
    if !assembly.exists() {
        // Cargo would not know that it has to be made again.
        let _ = std::fs::remove_dir_all(&folder);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["rustc", "--release", "--offline", "--package=fast-path"]);
    // Thin LTO would compile the standard library too; the paths are the same.
    command.args(["--config=profile.release.lto='off'", "--config=profile.release.debug=false"]);
    command
        .arg("--manifest-path")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/fast_path/Cargo.toml"));
    command.arg("--target-dir").arg(&folder);
    command.arg("--").arg("-Cllvm-args=-x86-asm-syntax=intel");
    command.arg(format!("--emit=asm={}", assembly.display()));
    for (name, _) in std::env::vars_os() {
        // What changes the code that is generated, or for which machine.
        let name_text = name.to_string_lossy();
        let prefixes = ["CARGO_PROFILE_", "CARGO_BUILD_", "CARGO_TARGET_", "CARGO_ENCODED_"];
        if name_text == "RUSTFLAGS" || prefixes.iter().any(|prefix| name_text.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(&assembly).unwrap()
}

/// The functions' fast paths, and the compiler that made them.
#[derive(Debug, Default, PartialEq)]
struct Paths {
    compiler: String,
    paths: Vec<(String, Vec<String>)>,
}

impl Paths {
    fn of(assembly: &str) -> Self {
        let ident = assembly.lines().find_map(|line| line.trim().strip_prefix(".ident"));
        let compiler = ident.unwrap_or_default().trim().trim_matches('"').to_string();
        let path = |(name, function, way): (&str, &str, Way)| {
            let path = Function::find(assembly, function).fast_path(way);
            (name.to_string(), path.unwrap_or_else(|| panic!("{name} has no path without a call")))
        };
        Self { compiler, paths: PATHS.into_iter().map(path).collect() }
    }

    fn to_text(&self) -> String {
        let mut text = format!("# Renew: {RENEW}\n# {}\n", self.compiler);
        for (name, path) in &self.paths {
            let _ = write!(text, "\n{name}: {} instructions\n", path.len());
            for instruction in path {
                let _ = writeln!(text, "    {instruction}");
            }
        }
        text
    }

    fn from_text(text: &str) -> Self {
        let mut read = Self::default();
        for line in text.lines() {
            if let Some(instruction) = line.strip_prefix("    ") {
                let (_, path) = read.paths.last_mut().expect("a function's name comes first");
                path.push(instruction.to_string());
            } else if let Some((name, _)) = line.split_once(": ").filter(|_| !line.starts_with('#'))
            {
                read.paths.push((name.to_string(), Vec::new()));
            } else if let Some(compiler) = line.strip_prefix("# rustc ") {
                read.compiler = format!("rustc {compiler}");
            }
        }
        read
    }

    /// What is longer or shorter than the golden paths, in words. As many instructions,
    /// but others, are fine.
    fn compare(&self, golden: &Self) -> Result<(), String> {
        let mut differences = String::new();
        for (name, path) in &self.paths {
            let before = golden.paths.iter().find(|(golden, _)| golden == name);
            let before = before.map_or(&[][..], |(_, path)| &path[..]);
            let verdict = match path.len().cmp(&before.len()) {
                // The order of as many may change with code elsewhere.
                Ordering::Equal => continue,
                Ordering::Greater => "has grown",
                Ordering::Less => "has shrunk, well done",
            };
            let (from, to) = (before.len(), path.len());
            let _ = writeln!(differences, "{name} {verdict}: {from} instructions, now {to}");
            diff(&mut differences, before, path);
        }
        if differences.is_empty() { Ok(()) } else { Err(differences) }
    }
}

/// Writes both lists as one, `-` what only the first has, `+` what only the second.
fn diff(text: &mut String, before: &[String], after: &[String]) {
    // Lengths of the longest common lists of what is left of both.
    let mut common = vec![vec![0; after.len() + 1]; before.len() + 1];
    for (i, old) in before.iter().enumerate().rev() {
        for (j, new) in after.iter().enumerate().rev() {
            common[i][j] = if old == new {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < before.len() || j < after.len() {
        let (mark, line) = match (before.get(i), after.get(j)) {
            (Some(old), Some(new)) if old == new => {
                (i, j) = (i + 1, j + 1);
                (' ', old)
            }
            (Some(old), new) if new.is_none() || common[i + 1][j] >= common[i][j + 1] => {
                i += 1;
                ('-', old)
            }
            (_, Some(new)) => {
                j += 1;
                ('+', new)
            }
            (_, None) => unreachable!("one of the lists goes on"),
        };
        let _ = writeln!(text, "  {mark} {line}");
    }
}

/// A function's instructions, and which of them its labels stand before.
struct Function<'a> {
    instructions: Vec<&'a str>,
    labels: HashMap<&'a str, usize>,
}

impl<'a> Function<'a> {
    fn find(assembly: &'a str, name: &str) -> Self {
        let mut function = Self { instructions: Vec::new(), labels: HashMap::new() };
        let start = format!("{name}:");
        let mut lines = assembly.lines().skip_while(|line| *line != start);
        lines.next().unwrap_or_else(|| panic!("no function {name} in the assembly"));
        for line in lines.take_while(|line| !line.starts_with(".Lfunc_end")) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some(label) = line.strip_suffix(':') {
                function.labels.insert(label, function.instructions.len());
            } else if !line.is_empty() && !line.starts_with('.') {
                function.instructions.push(line);
            }
        }
        function
    }

    /// The instructions on that way to a `ret` without a call, jumps included.
    fn fast_path(&self, way: Way) -> Option<Vec<String>> {
        let mut paths = Vec::new();
        self.walk(0, &mut Vec::new(), &mut paths);
        let path = match way {
            Way::Shortest => paths.into_iter().min_by_key(Vec::len),
            Way::Longest => paths.into_iter().max_by_key(Vec::len),
        };
        Some(path?.into_iter().map(|index| readable(self.instructions[index])).collect())
    }

    /// Adds to `paths` each that begins with `path`, and goes on with instruction `index` and
    /// through none twice.
    fn walk(&self, index: usize, path: &mut Vec<usize>, paths: &mut Vec<Vec<usize>>) {
        let Some(instruction) = self.instructions.get(index) else {
            return;
        };
        if path.contains(&index) {
            return;
        }
        let (name, operand) = instruction.split_once('\t').unwrap_or((instruction, ""));
        path.push(index);
        let is_jump = name.starts_with('j');
        match name {
            "ret" => paths.push(path.clone()),
            "call" | "ud2" | "jmp" => {}
            _ => self.walk(index + 1, path, paths),
        }
        // Without a local label it leaves the function: a call in disguise.
        if let Some(&target) = self.labels.get(operand.trim()).filter(|_| is_jump) {
            self.walk(target, path, paths);
        }
        path.pop();
    }
}

/// Which of a function's fast paths, if there are several.
#[derive(Clone, Copy, Debug)]
enum Way {
    Shortest,
    Longest,
}

/// An instruction with single blanks, symbols by their paths, local labels without
/// their numbers: what does not change with what is elsewhere in the file.
fn readable(instruction: &str) -> String {
    let words = instruction.split_whitespace().map(|word| {
        let symbol_bytes = word.find(['@', ',', ']']).unwrap_or(word.len());
        let (symbol, rest) = word.split_at(symbol_bytes);
        match symbol {
            _ if symbol.starts_with("_ZN") => demangled(symbol) + rest,
            _ if symbol.starts_with("_R") => format!("symbol{rest}"),
            _ if symbol.starts_with(".L") => format!("label{rest}"),
            _ => word.to_string(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The names of a symbol's path, without its hash and what is in no source.
fn demangled(symbol: &str) -> String {
    let mut rest = symbol.trim_start_matches("_ZN");
    let mut names = Vec::new();
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let Ok(bytes) = rest[..digits].parse::<usize>() else { break };
        let Some(name) = rest.get(digits..digits + bytes) else { break };
        rest = &rest[digits + bytes..];
        let is_hash = bytes == 17 && name.starts_with('h');
        if !is_hash && !name.starts_with('_') {
            names.push(name);
        }
    }
    names.join("::")
}

#[test]
fn paths_are_found_past_branches() {
    let assembly = "
alloc_64_bytes:
	mov	rax, qword ptr [rip + _ZN10alloc_core3tls4HEAP29_$u7b$$u7b$constant$u7d$$u7d$17h0123456789abcdefE@GOTTPOFF]
	test	eax, eax
	je	.LBB0_2                       # taken: the slow path
	cmp	ecx, edx
	jne	.LBB0_3
.LBB0_2:
	mov	edi, 3
	jmp	_ZN10alloc_core6global16alloc_class_slow17h28aca6eae96cd0eaE
.LBB0_4:
	.loc	1 2 3
	ret
.LBB0_3:
	inc	ecx
	jmp	.LBB0_4
.Lfunc_end0:
";
    let path = Function::find(assembly, "alloc_64_bytes").fast_path(Way::Shortest).unwrap();
    let expected = [
        "mov rax, qword ptr [rip + alloc_core::tls::HEAP@GOTTPOFF]",
        "test eax, eax",
        "je label",
        "cmp ecx, edx",
        "jne label",
        "inc ecx",
        "jmp label",
        "ret",
    ];
    assert_eq!(path, expected);
    let only_slow = "f:\n\tcall\tg\n\tret\n.Lfunc_end0:\n";
    assert_eq!(Function::find(only_slow, "f").fast_path(Way::Longest), None);
    let two = "f:\n\tjne\t.L1\n.L2:\n\tret\n.L1:\n\tinc\teax\n\tjmp\t.L2\n.Lfunc_end0:\n";
    let lengths = [Way::Shortest, Way::Longest]
        .map(|way| Function::find(two, "f").fast_path(way).map(|path| path.len()));
    assert_eq!(lengths, [Some(2), Some(4)]);
}

#[test]
fn growth_and_shrinking_are_told() {
    let paths = |compiler: &str, path: &[&str]| Paths {
        compiler: format!("rustc {compiler}"),
        paths: vec![("f".into(), path.iter().map(ToString::to_string).collect())],
    };
    let golden = paths("1", &["a", "b", "ret"]);
    assert_eq!(Paths::from_text(&golden.to_text()), golden);
    assert_eq!(golden.compare(&golden), Ok(()));
    assert_eq!(paths("1", &["b", "a", "ret"]).compare(&golden), Ok(()));
    let told = |path: &[&str]| paths("1", path).compare(&golden).unwrap_err();
    assert_eq!(
        told(&["a", "x", "b", "ret"]),
        "f has grown: 3 instructions, now 4\n    a\n  + x\n    b\n    ret\n"
    );
    assert!(
        told(&["a", "ret"])
            .starts_with("f has shrunk, well done: 3 instructions, now 2\n    a\n  - b\n")
    );
    assert!(paths("2", &["a", "b", "c", "ret"]).compare(&golden).is_err());
}
