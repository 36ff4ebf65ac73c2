//! `demo words` on real files: what it counts, what it skips, what it refuses.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use common::{Bytes, DEMO, DEMO_SYSTEM, HEADER, Run, bytes, command, rows, run};
use tempfile::{TempDir, tempdir};

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn words(path: &Path) -> Run {
    run(DEMO, [Path::new("words"), path])
}

/// The line of `stdout` that starts with `start`.
fn line<'a>(stdout: &'a str, start: &str) -> &'a str {
    stdout
        .lines()
        .find(|line| line.starts_with(start))
        .unwrap_or_else(|| panic!("no line {start:?} in {stdout}"))
}

/// Count, files and word of each ranked word.
fn ranked(stdout: &str) -> Vec<(usize, usize, String)> {
    let entry = |line: &str| {
        let mut fields = line.split_whitespace();
        let (count, files) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some((count, files, fields.next()?.to_owned()))
    };
    assert!(stdout.starts_with("     Count    Files  Word"), "{stdout}");
    stdout.lines().skip(1).map_while(entry).collect()
}

/// What both binaries say of the two functions; they must agree.
fn agreed_bytes(args: &[&Path]) -> Vec<Bytes> {
    let ours = bytes(&run(DEMO, args).succeeded().stdout);
    let theirs = bytes(&run(DEMO_SYSTEM, args).succeeded().stdout);
    assert_eq!(ours, theirs);
    ours
}

#[test]
fn ten_thousand_files_are_counted_to_the_word_and_to_the_byte() {
    let tree = tempdir().unwrap();
    let mut rng = fastrand::Rng::with_seed(10_000);
    let mut naive: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut size = 0;
    for number in 0..10_000 {
        let words: Vec<String> =
            (0..rng.usize(1..20)).map(|_| format!("w{}", rng.u16(..500))).collect();
        for (place, word) in words.iter().enumerate() {
            let (count, files) = naive.entry(word.clone()).or_default();
            *count += 1;
            *files += usize::from(!words[..place].contains(word));
        }
        let text = words.join(", ");
        size += text.len();
        let below = tree.path().join(format!("{:02}", number % 100));
        fs::create_dir_all(&below).unwrap();
        fs::write(below.join(format!("{number}.txt")), text).unwrap();
    }

    let stdout = words(tree.path()).succeeded().stdout;
    let counts = format!("Read 10000 files, {size} bytes, {} different words", naive.len());
    assert_eq!(line(&stdout, "Read "), counts);
    assert_eq!(line(&stdout, "Skipped "), "Skipped 0 entries");

    let mut expected: Vec<(usize, usize, String)> =
        naive.into_iter().map(|(word, (count, files))| (count, files, word)).collect();
    expected.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
    assert_eq!(ranked(&stdout), expected[..20]);

    let functions = agreed_bytes(&["words".as_ref(), "--bytes".as_ref(), tree.path()]);
    let names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["demo::words::build::build", "demo::words::rank::rank"]);
    for function in &functions {
        assert_eq!(function.sum(), function.total, "{function:?}");
        assert!(function.total > 0, "{function:?}");
        // Lines gave back what others took: a sum of the growth alone would differ.
        assert!(function.lines.iter().any(|(_, bytes)| *bytes < 0), "{function:?}");
    }
}

#[test]
fn the_table_counts_the_files() {
    let tree = folder(&[("a", b"one two"), ("b/c", b"two"), ("b/d", b"")]);
    let stdout = words(tree.path()).succeeded().stdout;
    assert_eq!(stdout.matches(HEADER).count(), 2, "{stdout}");
    let rows = rows(&stdout);
    let add = rows.iter().find(|row| row.source.contains("index.add(")).expect("the row exists");
    assert_eq!(add.occurrences, 3);
}

#[test]
fn files_and_folders_mix_and_top_limits_the_list() {
    let tree = folder(&[("a/one", b"Pool pool arena"), ("two", "Größe POOL".as_bytes())]);
    let args = ["words".as_ref(), "--top".as_ref(), "2".as_ref()];
    let paths = [tree.path().join("a"), tree.path().join("two")];
    let args = args.into_iter().chain(paths.iter().map(AsRef::<std::ffi::OsStr>::as_ref));
    let stdout = run(DEMO, args).succeeded().stdout;
    assert_eq!(ranked(&stdout), [(3, 2, "pool".to_owned()), (1, 1, "arena".to_owned())]);
    assert!(line(&stdout, "Read ").starts_with("Read 2 files"), "{stdout}");
}

#[test]
fn off_silences_the_tables_alone() {
    let tree = folder(&[("a", b"pool")]);
    let run: Run = command(DEMO)
        .env("ALLOC_PROFILER", "off")
        .arg("words")
        .arg(tree.path())
        .output()
        .unwrap()
        .into();
    let stdout = run.succeeded().stdout;
    assert!(!stdout.contains("Line #"), "{stdout}");
    assert_eq!(ranked(&stdout), [(1, 1, "pool".to_owned())]);
}

#[test]
fn odd_files_below_a_folder_are_counted_skips() {
    let tree =
        folder(&[("fine", b"arena"), ("latin1", b"caf\xe9"), ("odd/picture.png", b"\x89PNG\r\n")]);
    let stdout = words(tree.path()).succeeded().stdout;
    assert!(line(&stdout, "Read ").starts_with("Read 1 files, 5 bytes"), "{stdout}");
    assert_eq!(line(&stdout, "Skipped "), "Skipped 2 entries");
    assert!(stdout.contains("latin1\" is not UTF-8 text (see byte 3)"), "{stdout}");
    assert!(stdout.contains("picture.png\" is not UTF-8 text (see byte 0)"), "{stdout}");
}

#[test]
fn a_named_path_that_does_not_exist_is_refused() {
    let tree = folder(&[("fine", b"arena")]);
    let missing = tree.path().join("missing");
    let run = run(DEMO, [Path::new("words"), tree.path(), &missing]);
    let refusal = run.refusal();
    assert!(refusal.starts_with("demo: ") && refusal.contains("/missing\""), "{refusal}");
    assert!(refusal.contains("check its spelling"), "{refusal}");
    assert_eq!(run.stdout, "");
}

#[test]
fn a_named_file_that_is_not_text_is_refused() {
    let tree = folder(&[("latin1", b"caf\xe9")]);
    let run = words(&tree.path().join("latin1"));
    let refusal = run.refusal();
    assert!(refusal.contains("latin1\" is not UTF-8 text (see byte 3)"), "{refusal}");
    assert!(refusal.contains("convert it to UTF-8"), "{refusal}");
}

#[test]
fn no_path_and_the_empty_path_are_refused() {
    for args in [&["words"][..], &["words", ""]] {
        let run = run(DEMO, args);
        assert!(run.refusal().contains("<PATH>"), "{run:?}");
    }
}

#[test]
fn whoever_closes_the_pipe_has_seen_enough() {
    let tree = folder(&[("a", b"arena pool block")]);
    let mut child = command(DEMO)
        .arg("words")
        .arg(tree.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    Run::from(child.wait_with_output().unwrap()).succeeded();
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::*;

    /// The user that owns nothing.
    const NOBODY: u32 = 65_534;

    fn forbid(path: &Path) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    }

    fn open_to_all(path: &Path) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// `demo words` as a user whom permission bits stop: ourselves, or, for
    /// root, nobody with a copy of the binary in a place that all may enter.
    fn words_as_a_plain_user(home: &Path, forbidden: &Path, path: &Path) -> Run {
        let mut command = if fs::read_dir(forbidden).is_err() && fs::read(forbidden).is_err() {
            Command::new(DEMO)
        } else {
            let copy = home.join("demo");
            fs::copy(DEMO, &copy).unwrap();
            open_to_all(&copy);
            open_to_all(home);
            let mut command = Command::new(copy);
            command.uid(NOBODY).gid(NOBODY);
            command
        };
        command.arg("words").arg(path).output().unwrap().into()
    }

    #[test]
    fn unreadable_entries_below_a_folder_are_counted_skips() {
        let home =
            folder(&[("tree/fine", b"arena"), ("tree/secret", b"x"), ("tree/vault/in", b"x")]);
        let tree = home.path().join("tree");
        forbid(&tree.join("vault"));
        forbid(&tree.join("secret"));
        let run = words_as_a_plain_user(home.path(), &tree.join("secret"), &tree);
        open_to_all(&tree.join("vault"));
        let stdout = run.succeeded().stdout;
        assert!(line(&stdout, "Read ").starts_with("Read 1 files"), "{stdout}");
        assert_eq!(line(&stdout, "Skipped "), "Skipped 2 entries");
        assert!(stdout.contains("/secret\" cannot be read: Permission denied"), "{stdout}");
        assert!(stdout.contains("/vault\" cannot be read: Permission denied"), "{stdout}");
    }

    #[test]
    fn a_named_path_that_is_unreadable_is_refused() {
        let home = folder(&[("secret", b"x"), ("vault/in", b"x")]);
        for name in ["secret", "vault"] {
            let path = home.path().join(name);
            forbid(&path);
            let run = words_as_a_plain_user(home.path(), &path, &path);
            open_to_all(&path);
            let refusal = run.refusal();
            assert!(refusal.contains(&format!("/{name}\" cannot be read")), "{refusal}");
            assert!(refusal.contains("make it readable"), "{refusal}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_named_file_that_fails_as_it_is_read_is_refused() {
        // Nothing is mapped at address 0, where a reader begins.
        let run = words(Path::new("/proc/self/mem"));
        assert!(run.refusal().contains("\"/proc/self/mem\" cannot be read"), "{run:?}");
    }

    #[test]
    fn loops_and_dangling_links_are_skips() {
        let tree = folder(&[("sub/fine", b"arena")]);
        symlink(tree.path(), tree.path().join("sub/loop")).unwrap();
        symlink("nowhere", tree.path().join("dangling")).unwrap();
        let stdout = words(tree.path()).succeeded().stdout;
        assert!(line(&stdout, "Read ").starts_with("Read 1 files"), "{stdout}");
        assert_eq!(line(&stdout, "Skipped "), "Skipped 2 entries");

        let named = words(&tree.path().join("dangling"));
        assert!(named.refusal().contains("/dangling\" cannot be read"), "{named:?}");
    }

    #[test]
    fn a_socket_is_a_skip_and_refused_by_name() {
        let tree = folder(&[("fine", b"arena")]);
        let socket = tree.path().join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        let stdout = words(tree.path()).succeeded().stdout;
        assert!(stdout.contains("/socket\" is neither a file nor a folder"), "{stdout}");
        let named = words(&socket);
        assert!(named.refusal().contains("name a text file"), "{named:?}");
    }

    #[test]
    fn names_that_are_not_text_stay_on_their_line() {
        let tree = folder(&[("fine", b"arena")]);
        let odd = tree.path().join(OsStr::from_bytes(b"odd\n\xff"));
        fs::write(&odd, b"arena arena").unwrap();
        let stdout = words(tree.path()).succeeded().stdout;
        assert_eq!(ranked(&stdout), [(3, 2, "arena".to_owned())]);
        assert!(stdout.contains(r#"/odd\n\xFF""#), "{stdout}");
    }
}
