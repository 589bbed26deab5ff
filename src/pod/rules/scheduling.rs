//! Scheduling: the constraints (V57 to V63), the roles (V64), and what a pod with a persistent
//! volume must say (V65 to V67).

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::{Shown, fault};
use crate::pod::members::{list, text};
use crate::pod::scope::Scope;

pub(super) fn check(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let Some(scheduling) = scope.pod.get("scheduling") else {
        return;
    };
    let at = scope.at.key("scheduling");
    if let Some(placement) = scheduling.get("placement") {
        let at = at.key("placement");
        let list_at = at.key("constraints");
        for (index, constraint) in list(placement, "constraints").iter().enumerate() {
            self::constraint(constraint, &list_at.index(index), found);
        }
        let list_at = at.key("acceptedResourceRoles");
        for (index, node) in list(placement, "acceptedResourceRoles").iter().enumerate() {
            role(node, &list_at.index(index), found);
        }
    }
    if scope.is_resident() {
        resident(scheduling, &at, found);
    }
}

fn constraint(constraint: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    if text(constraint, "fieldName") == Some("") {
        let message = "missing field for constraint declaration";
        let hint = "name an attribute, \"hostname\" or \"@region\" in `fieldName`";
        found.push(fault("V57", constraint, at, message, hint));
    }
    let Some(operator) = text(constraint, "operator") else {
        return;
    };
    let value = text(constraint, "value");
    // A value of a wrong type is the reader's to refuse.
    if value.is_none() && constraint.get("value").is_some() {
        return;
    }
    let whole = |value: &str| value.parse::<i32>().is_ok();
    let is = |name: &str| operator.eq_ignore_ascii_case(name);
    let (rule, message, hint) = if is("UNIQUE") && value.is_some() {
        ("V58", "UNIQUE does not accept a value", "remove `value`")
    } else if is("GROUP_BY") && value.is_some_and(|value| !whole(value)) {
        let message = "GROUP BY must define an integer value or else no value at all";
        ("V59", message, "write the number of groups as \"3\", or remove `value`")
    } else if is("MAX_PER") && !value.is_some_and(whole) {
        let hint = "write the most instances for each value of the field, as \"2\"";
        ("V60", "MAX_PER requires an integer value", hint)
    } else if (is("LIKE") || is("UNLIKE")) && value.is_none() {
        let message = "LIKE and UNLIKE require a non-empty, regular expression value";
        ("V61", message, "add a regular expression as `value`")
    } else if is("IS") && value.is_some_and(|value| !value.bytes().all(is_mesos_text)) {
        let message = "IS only supports Mesos text and float values (see http://mesos.apache.org/documentation/latest/attributes-resources/)";
        ("V63", message, "use letters, digits and _ / . - only")
    } else {
        return expression(constraint, operator, value, at, found);
    };
    found.push(fault(rule, constraint, at, message, hint));
}

fn is_mesos_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'.' | b'-')
}

/// V62.
fn expression(
    constraint: &Node<'_>,
    operator: &str,
    value: Option<&str>,
    at: &Path<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let Some(value) = value else {
        return;
    };
    let matches = operator.eq_ignore_ascii_case("LIKE") || operator.eq_ignore_ascii_case("UNLIKE");
    if let Some(problem) = matches.then(|| no_java_regex(value)).flatten() {
        let value = Shown(value);
        let message = format!("\"{value}\" is not a valid regular expression: {problem}");
        let hint = "correct the expression; to mean a character itself, put \\\\ before it";
        found.push(fault("V62", constraint, at, message, hint));
    }
}

/// What is wrong with a regular expression in Java as well as here. Only what both dialects refuse
/// is certain: Java has look-around, back-references, atomic groups and quotation besides.
fn no_java_regex(value: &str) -> Option<String> {
    use regex_syntax::ast::ErrorKind as Problem;
    let error = regex_syntax::ast::parse::Parser::new().parse(value).err()?;
    let shared = matches!(
        error.kind(),
        Problem::ClassRangeInvalid
            | Problem::ClassUnclosed
            | Problem::EscapeUnexpectedEof
            | Problem::GroupUnclosed
            | Problem::GroupUnopened
            | Problem::RepetitionCountDecimalEmpty
            | Problem::RepetitionCountInvalid
            | Problem::RepetitionCountUnclosed
            | Problem::RepetitionMissing
    );
    shared.then(|| error.kind().to_string())
}

/// V64: the names that Mesos allows for a role.
fn role(node: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let Some(role) = node.as_str() else {
        return;
    };
    let message = if matches!(role, "" | "." | "..") {
        format!("A role name must not be \"{role}\".")
    } else if role.starts_with('-') {
        "A role name must not start with a '-'.".to_owned()
    } else if let Some(name) = role.chars().find_map(forbidden) {
        format!("A role name must not include a {name} character.")
    } else {
        return;
    };
    found.push(fault("V64", node, at, message, "use \"*\" or the name of a role"));
}

fn forbidden(letter: char) -> Option<&'static str> {
    Some(match letter {
        '\x09' => "horizontal tab (\\x09)",
        '\x0a' => "line feed (\\x0a)",
        '\x0b' => "vertical tab (\\x0b)",
        '\x0c' => "form feed (\\x0c)",
        '\x0d' => "carriage return (\\x0d)",
        ' ' => "space (\\x20)",
        '/' => "slash (\\x2f)",
        '\x7f' => "backspace (\\x7f)",
        _ => return None,
    })
}

fn resident(scheduling: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let placement = scheduling.get("placement");
    if let Some(roles) = placement.and_then(|placement| placement.get("acceptedResourceRoles"))
        && roles.items().iter().any(|role| role.as_str() != Some("*"))
    {
        let message = "A resident pod must have `acceptedResourceRoles = [\"*\"]`.";
        let hint = "the pod has a persistent volume; accept \"*\" only, or remove the list";
        let at = at.key("placement");
        found.push(fault("V65", roles, &at.key("acceptedResourceRoles"), message, hint));
    }
    if let Some(upgrade) = scheduling.get("upgrade") {
        let node = upgrade.get("maximumOverCapacity");
        // It is 1 as soon as there is an `upgrade` that does not say otherwise.
        let over = node.map_or(Some(1.0), Node::as_f64);
        if let Some(over) = over.filter(|over| *over != 0.0) {
            let message = format!(
                "`maximumOverCapacity` of a pod with a persistent volume must be 0 (Marathon: got {over:?}, expected 0.0)"
            );
            let hint = "write \"maximumOverCapacity\": 0";
            let at = at.key("upgrade");
            let at = at.key("maximumOverCapacity");
            found.push(fault("V66", node.unwrap_or(upgrade), &at, message, hint));
        }
    }
    let strategy = scheduling.get("unreachableStrategy");
    if let Some(strategy) = strategy.filter(|it| it.as_str().is_none()) {
        let message = "unreachableStrategy must be disabled for pods with persistent volumes";
        let at = at.key("unreachableStrategy");
        found.push(fault("V67", strategy, &at, message, "write \"disabled\""));
    }
}
