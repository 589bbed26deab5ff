//! The settings of injection, which decide who a pod is, from where inject takes them: defaults, its
//! config file, its environment, flags, each over the one before.

use camino::Utf8Path;
use marathon_inject::command_line::{Failure, Input};
use marathon_inject::identity::TrustDomain;
use marathon_inject::plan::{Injector, Overlay};
use marathon_inject::settings::{Key, Settings, parse_file};

use crate::args::BundleArgs;
use crate::report::{draw, unreadable};

/// The injector of pods that are of this trust domain, unless something says otherwise.
pub(crate) fn injector(args: &BundleArgs, trust_domain: &TrustDomain) -> Result<Injector, Failure> {
    let mut settings = Settings { trust_domain: trust_domain.clone(), ..Settings::default() };
    let overlays = match args.config() {
        Some(path) => config_file(&mut settings, &path)?,
        None => Vec::new(),
    };
    for key in Key::all() {
        if let Some(given) = args.setting(key) {
            settings.set(key, &given.text).map_err(|error| given.wrong(&error))?;
        }
    }
    settings.check().map_err(|error| Failure::input(error.to_string()))?;
    if settings.trust_domain != *trust_domain {
        return Err(Failure::input(format!(
            "the pods are of the trust domain {}, the CA vouches for {trust_domain}",
            settings.trust_domain
        )));
    }
    Ok(Injector::new(settings, overlays))
}

/// Takes the settings of a config file; the overlays that it names.
fn config_file(settings: &mut Settings, path: &Utf8Path) -> Result<Vec<Overlay>, Failure> {
    let source = Input::named(path).read().map_err(unreadable)?;
    let file = parse_file(source.text()).map_err(|errors| {
        let words: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
        Failure::input(format!("{path}: {}", words.join("; ")))
    })?;
    for (key, text, _) in &file.settings {
        settings.set(*key, text).map_err(|error| {
            Failure::input(format!("{path}: {}: invalid value {text:?}: {error}", key.name()))
        })?;
    }
    let dir = path.parent().unwrap_or(Utf8Path::new(""));
    file.overlays.iter().map(|overlay| read_overlay(&dir.join(overlay))).collect()
}

/// An overlay makes nobody another, but it can be a reason to refuse a pod.
fn read_overlay(path: &Utf8Path) -> Result<Overlay, Failure> {
    let source = Input::named(path).read().map_err(unreadable)?;
    Overlay::parse(&source).map_err(|error| {
        draw(&source, &error.faults);
        Failure::input(format!("{path}: cannot be read"))
    })
}
