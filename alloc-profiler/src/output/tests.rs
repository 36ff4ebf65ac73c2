//! Which text goes where.

use std::fs;

use super::*;
use crate::samples;

/// A report of four functions, three of which have a stream.
fn streamed() -> Report {
    let streams = [None, Some(Stream::Stderr), Some(Stream::File("/f")), Some(Stream::Stdout)];
    let functions = streams.iter().zip(["a", "b", "c", "d"]).map(|(&stream, name)| {
        let lines = [(name, Some(samples::kept(1, 100, 1)))];
        FunctionReport { stream, ..samples::function(name, name, 1, 1, &lines) }
    });
    samples::report(functions.collect())
}

fn sinks(texts: &[(Sink, String)]) -> Vec<&Sink> {
    texts.iter().map(|(sink, _)| sink).collect()
}

const STDERR: Sink = Sink::Stream(Stream::Stderr);
const FILE: Sink = Sink::Stream(Stream::File("/f"));

#[test]
fn a_function_with_a_stream_is_printed_there_alone() {
    let report = streamed();
    let texts = texts(&report, &[Output::Classic]);
    assert_eq!(sinks(&texts), [&Sink::STDOUT, &STDERR, &FILE]);
    let function = |index: usize| report.functions[index].to_string();
    assert_eq!(texts[0].1, function(0) + &function(3));
    assert_eq!(texts[1].1, function(1));
    assert_eq!(texts[2].1, function(2));
}

#[test]
fn the_wide_summary_is_of_all_functions() {
    let texts = texts(&streamed(), &[Output::Wide]);
    assert_eq!(sinks(&texts), [&Sink::STDOUT, &STDERR, &FILE]);
    let (_, ranks) = texts[0].1.split_once("Functions by bytes allocated").unwrap();
    for name in ["a", "b", "c", "d"] {
        assert!(ranks.lines().any(|line| line.ends_with(&format!("  {name}"))), "{name}: {ranks}");
    }
    assert!(!texts[0].1.contains("b:1\n") && texts[1].1.contains("b:1\n"), "{texts:?}");
    assert!(!texts[1].1.contains("Functions by"), "{}", texts[1].1);
}

#[test]
fn several_outputs_go_out_at_once() {
    let report = streamed();
    let path = Sink::File("/x.json".into());
    let outputs = [Output::Json("/x.json".into()), Output::Classic, Output::Wide];
    let all = texts(&report, &outputs);
    assert_eq!(sinks(&all), [&path, &Sink::STDOUT, &STDERR, &FILE]);
    assert_eq!(all[0].1, report.to_json());
    let [classic, wide] = [1, 2].map(|index| texts(&report, &outputs[index..=index]));
    for (both, (classic, wide)) in all[1..].iter().zip(classic.iter().zip(&wide)) {
        assert_eq!(both.1, format!("{}{}", classic.1, wide.1));
    }
    assert_eq!(texts(&report, &outputs[..1]).len(), 1);
}

#[test]
fn without_counts_one_line_is_printed_and_the_json_says_so() {
    let report = Report { is_counting: false, ..streamed() };
    let texts = texts(&report, &[Output::Classic, Output::Json("/x".into())]);
    assert_eq!(texts[0].1.lines().count(), 1);
    assert_eq!(texts.len(), 2);
    assert!(texts[1].1.contains("\"is_counting\": false"));
}

#[test]
fn only_other_text_is_news_for_each_place() {
    let (one, two) = (Sink::File("/news/1".into()), Sink::File("/news/2".into()));
    assert!(!is_news(&one, ""));
    assert!(is_news(&one, "a"));
    assert!(!is_news(&one, "a"));
    assert!(is_news(&two, "a"));
    assert!(is_news(&one, "b"));
    assert!(is_news(&one, "a"));
}

#[test]
fn a_calls_table_goes_to_its_stream_in_each_way_but_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.txt");
    let json = folder.path().join("calls.json");
    let mut function = streamed().functions.remove(0);
    function.stream = Some(Stream::File(path.to_str().unwrap().to_owned().leak()));
    write_call(&function, &[Output::Classic, Output::Json(json.clone())]);
    write_call(&function, &[]);
    write_call(&function, &[Output::Wide]);
    let wide = wide::one_function(&function, sink_of(&function).look());
    assert_eq!(fs::read_to_string(path).unwrap(), format!("{function}{wide}"));
    assert!(!json.exists());
}
