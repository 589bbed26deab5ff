//! Strings, numbers and words, with their bounds.

use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;

use super::{Label, Reader};
use crate::document::{Kind, Node, Path};
use crate::pod::finding::{Shown, fault};
use crate::pod::patterns;
use crate::pod::schema::{Integer, Number, Pattern, Text};

impl Reader<'_> {
    pub(super) fn text(&mut self, node: &Node<'_>, at: &Path<'_>, label: Label<'_>, text: &Text) {
        let Some(value) = node.as_str() else {
            return self.wrong_type(node, at, label, Kind::String, "error.expected.jsstring");
        };
        if value.is_empty() && text.min > 0 {
            return self.bad_length(node, at, label, text, 0);
        }
        // Marathon counts as Java does; that is never more than there are bytes.
        if value.len() > text.max {
            let length = value.encode_utf16().count();
            if length > text.max {
                self.bad_length(node, at, label, text, length);
            }
        }
        let (fits, shape) = match text.pattern {
            Pattern::Any => (true, ""),
            Pattern::Name => (
                patterns::is_name(value),
                "use lower-case letters, digits and hyphens, and no hyphen at the ends",
            ),
            Pattern::NetworkName => (
                patterns::is_network_name(value),
                "use lower-case letters, digits, hyphens and underscores, with a letter or digit at the ends",
            ),
            Pattern::PathId => (
                patterns::is_path_id(value),
                "between the slashes, use lower-case letters, digits, hyphens and dots, and no hyphen at the ends",
            ),
        };
        if !fits {
            let message =
                format!("{label} cannot be \"{}\" (Marathon: error.pattern)", Shown(value));
            self.found.push(fault(text.rule, node, at, message, shape));
        }
    }

    fn bad_length(
        &mut self,
        node: &Node<'_>,
        at: &Path<'_>,
        label: Label<'_>,
        text: &Text,
        length: usize,
    ) {
        let (says, key, hint) = if length < text.min {
            ("must not be empty".to_owned(), "minLength", "give it a value".to_owned())
        } else {
            let says = format!("must not be longer than {} characters", text.max);
            (says, "maxLength", format!("it has {length}; shorten it"))
        };
        // The rule behind this bound would say so in its own words.
        let rule = if text.rule == "V35" {
            format!("; got {length}, expected between {} and {}", text.min, text.max)
        } else {
            String::new()
        };
        let message = format!("{label} {says} (Marathon: error.{key}{rule})");
        self.found.push(fault(text.rule, node, at, message, hint));
    }

    pub(super) fn boolean(&mut self, node: &Node<'_>, at: &Path<'_>, label: Label<'_>) {
        if node.kind() != Kind::Boolean {
            self.wrong_type(node, at, label, Kind::Boolean, "error.expected.jsboolean");
        }
    }

    pub(super) fn integer(
        &mut self,
        node: &Node<'_>,
        at: &Path<'_>,
        label: Label<'_>,
        bounds: &Integer,
    ) {
        let Some(written) = node.as_number() else {
            return self.wrong_type(node, at, label, Kind::Number, "error.expected.jsnumber");
        };
        let (min, max) = (bounds.min, bounds.max);
        let value = node
            .as_i64()
            .filter(|value| max > i64::from(i32::MAX) || i32::try_from(*value).is_ok());
        match value {
            None => {
                let message = format!(
                    "{label} must be a whole number, not {written} (Marathon: error.expected.int)"
                );
                let hint = format!(
                    "write a whole number from {min} to {max}, without a point or an exponent"
                );
                self.found.push(fault("P02", node, at, message, hint));
            }
            Some(value) if value < min => {
                let least = format!("{min}");
                self.too_small(node, at, label, bounds.rule, &least);
            }
            Some(value) if value > max => {
                let most = format!("{max}");
                self.too_large(node, at, label, bounds.rule, &most);
            }
            Some(_) => {}
        }
    }

    pub(super) fn number(
        &mut self,
        node: &Node<'_>,
        at: &Path<'_>,
        label: Label<'_>,
        bounds: &Number,
    ) {
        let Some(value) = node.as_f64() else {
            return self.wrong_type(node, at, label, Kind::Number, "error.expected.jsnumber");
        };
        if value < bounds.min {
            self.too_small(node, at, label, bounds.rule, &bounds.min.to_string());
        } else if value > bounds.max {
            self.too_large(node, at, label, bounds.rule, &bounds.max.to_string());
        }
    }

    fn too_small(
        &mut self,
        node: &Node<'_>,
        at: &Path<'_>,
        label: Label<'_>,
        rule: &'static str,
        least: &str,
    ) {
        let message = format!("{label} must be at least {least} (Marathon: error.min)");
        let hint = format!("use {least} or more");
        self.found.push(fault(rule, node, at, message, hint));
    }

    fn too_large(
        &mut self,
        node: &Node<'_>,
        at: &Path<'_>,
        label: Label<'_>,
        rule: &'static str,
        most: &str,
    ) {
        let message = format!("{label} must be at most {most} (Marathon: error.max)");
        let hint = format!("use {most} or less");
        self.found.push(fault(rule, node, at, message, hint));
    }

    pub(super) fn literal(
        &mut self,
        node: &Node<'_>,
        at: &Path<'_>,
        label: Label<'_>,
        words: &[&str],
    ) {
        let Some(value) = node.as_str() else {
            return self.wrong_type(node, at, label, Kind::String, "error.expected.jsstring");
        };
        if !words.iter().any(|word| word.eq_ignore_ascii_case(value)) {
            let message = format!(
                "{label} cannot be \"{}\" (Marathon: error.unknown.enum.literal)",
                Shown(value)
            );
            let hint = format!("use one of: {}", words.join(", "));
            self.found.push(fault("P14", node, at, message, hint));
        }
    }

    pub(super) fn date(&mut self, node: &Node<'_>, at: &Path<'_>, label: Label<'_>) {
        let Some(value) = node.as_str() else {
            return self.wrong_type(node, at, label, Kind::String, "error.expected.jsstring");
        };
        // The basic format without hyphens is ISO 8601 too, but not Java's.
        let extended = value.as_bytes().get(4) == Some(&b'-');
        if !extended || OffsetDateTime::parse(value, &Iso8601::PARSING).is_err() {
            let message = format!(
                "{label} must be a date-time with an offset (Marathon: error.expected.date.isoformat)"
            );
            let hint = "as 2018-12-24T18:30:00.000Z; or leave it out: Marathon sets it anyway";
            self.found.push(fault("P18", node, at, message, hint));
        }
    }
}
