//! What a pod's own labels say: settings for this pod, and keys that nobody will heed.

use std::borrow::Cow;

use crate::document::{Diagnostic, Member, Path};
use crate::pod::Pod;
use crate::settings::{INJECT_LABEL, Key, Label, LabelKey, Settings, label};

/// The settings with the pod's labels applied, and what is wrong with the labels.
pub(super) fn heed<'s>(
    settings: &'s Settings,
    pod: &Pod<'_, '_>,
    at: &Path<'_>,
) -> (Cow<'s, Settings>, Vec<Diagnostic>) {
    let mut settings = Cow::Borrowed(settings);
    let mut found = Vec::new();
    let labels = at.key("labels");
    for member in pod.labels() {
        let at = labels.key(member.key());
        match label(member.key()) {
            Label::Known(LabelKey::Setting(key)) => {
                found.extend(set(&mut settings, key, member, pod, &at));
            }
            Label::Known(LabelKey::NoEffect(why)) => found.push(no_effect(member, why, &at)),
            Label::Unknown(nearest) => found.push(unknown(member, nearest, &at)),
            Label::Known(LabelKey::Inject | LabelKey::Status) | Label::Other => {}
        }
    }
    found.extend(misplaced(pod, at));
    // Of those that no label changed, it is known already.
    if let Cow::Owned(changed) = &settings {
        found.extend(unfit(changed, pod, &labels));
    }
    (settings, found)
}

fn set(
    settings: &mut Cow<'_, Settings>,
    key: Key,
    member: &Member<'_>,
    pod: &Pod<'_, '_>,
    at: &Path<'_>,
) -> Option<Diagnostic> {
    // A value that is no string is a fault of the pod itself, and reported as such.
    let value = member.value().as_str()?;
    let error = settings.to_mut().set(key, value).err()?;
    let (name, id) = (member.key(), pod.id().unwrap_or_default());
    let message = format!("label {name:?} of pod {id}: invalid value {value:?}: {error}");
    let fault = Diagnostic::error(message).rule("I11").span(member.value().span());
    Some(fault.pointer(at.to_string()).hint("correct it, or remove the label to have the default"))
}

/// What labels of a pod set does not go with the rest.
fn unfit(settings: &Settings, pod: &Pod<'_, '_>, at: &Path<'_>) -> Option<Diagnostic> {
    let error = settings.check().err()?;
    let labels = pod.node().get("labels").and_then(|labels| labels.span());
    let words = format!("the labels of pod {}: {error}", pod.id().unwrap_or_default());
    let fault = Diagnostic::error(words).rule("I11").span(labels.map(|it| it.start..it.start + 1));
    Some(fault.pointer(at.to_string()).hint("set it for all pods, or change the label"))
}

fn no_effect(member: &Member<'_>, why: &str, at: &Path<'_>) -> Diagnostic {
    Diagnostic::warning(format!("label {:?} has no effect: {why}", member.key()))
        .rule("I09")
        .span(member.key_span())
        .pointer(at.to_string())
        .hint("remove it")
}

fn unknown(member: &Member<'_>, nearest: Option<&str>, at: &Path<'_>) -> Diagnostic {
    Diagnostic::warning(format!("label {:?} is none that injection knows", member.key()))
        .rule("I08")
        .span(member.key_span())
        .pointer(at.to_string())
        .hint(match nearest {
            Some(nearest) => format!("did you mean {nearest:?}?"),
            None => "docs/settings.md lists the labels".to_owned(),
        })
}

/// The labels of a container are not read: there they do nothing.
fn misplaced<'t>(
    pod: &'t Pod<'t, '_>,
    at: &Path<'_>,
) -> impl Iterator<Item = Diagnostic> + use<'t> {
    let at = at.key("containers").to_string();
    let labels = pod.containers().enumerate().flat_map(|(index, container)| {
        container.labels().iter().map(move |member| (index, member))
    });
    labels.filter(|(_, member)| matches!(label(member.key()), Label::Known(_))).map(
        move |(index, member)| {
            Diagnostic::warning(format!("label {:?} of a container is not read", member.key()))
                .rule("I10")
                .span(member.key_span())
                .pointer(Path::root(&at).index(index).key("labels").key(member.key()).to_string())
                .hint(format!("labels such as {INJECT_LABEL:?} belong to the pod: move it there"))
        },
    )
}
