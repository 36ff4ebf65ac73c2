//! Reports as JSON: [`Report::to_json`], [`Report::from_json`] and the schema.
//!
//! # The schema `alloc-profiler/1`
//!
//! One object, in UTF-8. Bytes, blocks, calls and nanoseconds are integers up to
//! 2⁶⁴; a reader that keeps numbers as `f64` rounds those beyond 2⁵³.
//!
//! | field | type | what it is |
//! |---|---|---|
//! | `schema` | string | `"alloc-profiler/1"` |
//! | `is_counting` | bool | whether there was a `ProfiledAlloc`; if not, all bytes are zero |
//! | `functions` | array of *function* | in the order of first entry |
//! | `scopes` | array of *scope* | what `timestamp` named, in the order of their ends |
//!
//! *function*, see [`FunctionReport`](crate::FunctionReport):
//!
//! | field | type | what it is |
//! |---|---|---|
//! | `name` | string | its path, or the name that `#[profile(name = …)]` gave it |
//! | `file` | string | its source file, as the compiler was given it |
//! | `calls` | integer | how often it was entered, recursive calls included |
//! | `total_bytes` | integer, may be negative | allocated less freed by its outermost calls |
//! | `lines` | array of *line* | every source line, in order |
//! | `threads` | array of *thread* | the same by the threads' names |
//! | `precision` | integer | decimals of the classic table |
//! | `backend` | string | `"heap"`, `"rss"`, `"pss"` or `"uss"`: what the classic table shows |
//!
//! *line*, see [`LineReport`](crate::LineReport):
//!
//! | field | type | what it is |
//! |---|---|---|
//! | `number` | integer | in the file, from 1 |
//! | `source` | string | its text |
//! | `figures` | *figures* or null | null where nothing ran, and where a statement goes on |
//!
//! *figures*, see [`LineFigures`](crate::LineFigures), of all runs of the line,
//! callees included:
//!
//! | field | type | what it is |
//! |---|---|---|
//! | `increment_bytes` | integer, may be negative | allocated less freed |
//! | `live_bytes` | integer | the program's largest live heap right after the line |
//! | `peak_bytes` | integer | the largest rise of the thread's live heap in one run |
//! | `occurrences` | integer | how often the line ran |
//! | `allocated_bytes`, `freed_bytes` | integer | asked for, given back; a `realloc` counts as both |
//! | `allocated_blocks`, `freed_blocks` | integer | the same in blocks; a `realloc` counts as neither |
//! | `reallocated_blocks` | integer | blocks resized |
//! | `copied_bytes` | integer | what moved to another address then |
//! | `time_ns` | integer | nanoseconds on the wall |
//! | `is_time_estimated` | bool | whether that is from some runs only |
//! | `usage` | *usage*; absent if `backend` is `"heap"` | `increment_bytes` and `usage_bytes`, as the system says |
//!
//! *thread*, see [`ThreadReport`](crate::ThreadReport): `name` (string), `calls`,
//! `total_bytes`, and `figures`, an array with one *figures* or null for each of
//! the function's lines.
//!
//! *scope*, see [`ScopeReport`](crate::ScopeReport): `name` and `thread`
//! (strings), `start_s` and `end_s` (numbers, seconds since 1970),
//! `start_live_bytes`, `end_live_bytes` and `peak_bytes` (integers).
//!
//! A function's `stream` is not written: it is about this run's output.
//!
//! A later version of this crate may add fields to this schema, and reads files
//! without them; a field that changes or goes away makes another schema. Readers
//! should ignore fields that they do not know, as [`Report::from_json`] does.

use std::error::Error;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use struson::reader::{JsonReader, JsonStreamReader};
use struson::writer::{JsonStreamWriter, JsonWriter, WriterSettings};

use crate::report::Report;

/// The schema that this version writes and reads.
pub const SCHEMA: &str = "alloc-profiler/1";

/// Why a text is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// It is not JSON, or lacks a field of the schema.
    #[error("this is not a report of alloc-profiler in JSON: {0}")]
    Malformed(#[source] Box<dyn Error + Send + Sync>),
    /// It is a report of another version.
    #[error("the report has the schema {0:?}; this version of alloc-profiler reads {SCHEMA:?}")]
    UnknownSchema(String),
}

/// The part of the document that tells whether the rest can be understood.
#[derive(Deserialize)]
struct Header {
    schema: String,
}

/// The whole document.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    report: &'a Report,
}

impl Report {
    /// Returns the report as JSON of the schema `alloc-profiler/1`, which
    /// [`json`](crate::json) describes, with a line break at its end.
    ///
    /// ```
    /// #[alloc_profiler::profile]
    /// fn work() {}
    ///
    /// work();
    /// let text = alloc_profiler::report().to_json();
    /// assert!(text.starts_with("{\n  \"schema\": \"alloc-profiler/1\",\n"));
    /// ```
    #[expect(clippy::missing_panics_doc, reason = "it never does")]
    pub fn to_json(&self) -> String {
        let settings = WriterSettings { pretty_print: true, ..WriterSettings::default() };
        let mut text = Vec::new();
        let mut writer = JsonStreamWriter::new_custom(&mut text, settings);
        // Memory can be written to, and plain data has a form in JSON.
        let document = Document { schema: SCHEMA, report: self };
        writer.serialize_value(&document).expect("plain data");
        writer.finish_document().expect("memory");
        text.push(b'\n');
        String::from_utf8(text).expect("JSON is UTF-8")
    }

    /// Returns the report that [`to_json`](Self::to_json) wrote, but for the
    /// functions' `stream`, which is `None`.
    ///
    /// # Errors
    ///
    /// [`JsonError::UnknownSchema`] if another version wrote it,
    /// [`JsonError::Malformed`], which names line and column, for other texts.
    ///
    /// ```
    /// use alloc_profiler::Report;
    ///
    /// #[alloc_profiler::profile]
    /// fn work() {}
    ///
    /// work();
    /// let report = alloc_profiler::report();
    /// let read = Report::from_json(&report.to_json())?;
    /// assert_eq!(read.function("work"), report.function("work"));
    ///
    /// let error = Report::from_json(r#"{"schema": "alloc-profiler/7"}"#).unwrap_err();
    /// assert!(error.to_string().contains("alloc-profiler/7"));
    /// # Ok::<(), alloc_profiler::json::JsonError>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, JsonError> {
        let header: Header = read(text)?;
        if header.schema != SCHEMA {
            return Err(JsonError::UnknownSchema(header.schema));
        }
        read(text)
    }
}

/// Returns the one value that `text` is.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    let mut reader = JsonStreamReader::new(text.as_bytes());
    let value = reader.deserialize_next().map_err(|error| JsonError::Malformed(error.into()))?;
    let end = reader.consume_trailing_whitespace();
    end.map_err(|error| JsonError::Malformed(error.into()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Stream;
    use crate::samples;

    #[test]
    fn what_was_written_is_read_again() {
        let mut report = samples::program();
        assert_eq!(Report::from_json(&report.to_json()).unwrap(), report);
        report.functions[0].stream = Some(Stream::Stderr);
        let read = Report::from_json(&report.to_json()).unwrap();
        assert_eq!(read.functions[0].stream, None);
    }

    /// The schema, pinned: a change here is a change that readers see.
    #[test]
    fn the_schema_is_as_documented() {
        samples::assert_golden("small.json", &samples::small().to_json());
    }

    #[test]
    fn fields_to_come_are_ignored() {
        let text = samples::small().to_json();
        let later = text.replace("\"calls\"", "\"colour\": \"blue\", \"calls\"");
        assert_ne!(text, later);
        assert_eq!(Report::from_json(&later).unwrap(), samples::small());
    }

    #[test]
    fn what_is_no_report_is_refused_by_name() {
        let error = |text: &str| Report::from_json(text).unwrap_err().to_string();
        assert_eq!(
            error(&samples::small().to_json().replace(SCHEMA, "alloc-profiler/2")),
            "the report has the schema \"alloc-profiler/2\"; this version of alloc-profiler \
             reads \"alloc-profiler/1\"",
        );
        let prefix = "this is not a report of alloc-profiler in JSON: ";
        for (text, detail) in [
            ("", "syntax error"),
            ("{}", "missing field `schema`"),
            (r#"{"schema": "alloc-profiler/1"}"#, "missing field `is_counting`"),
            (
                "{\n  \"schema\": 1}",
                "expected JSON value type String but got Number at path '$.schema', line 1",
            ),
            ("{\"schema\": \"x\"} {}", "syntax error"),
        ] {
            let message = error(text);
            assert!(message.starts_with(&format!("{prefix}{detail}")), "{text:?}: {message}");
        }
    }
}
