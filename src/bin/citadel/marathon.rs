//! `citadel bundle --marathon`: one bundle for each identity that the pods have, and an index that
//! says which pod gets which. Whether a pod is injected, and who it then is, injection decides.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use marathon_inject::citadel::{Access, Citadel, OsDisk};
use marathon_inject::command_line::{Failure, documents, printable};
use marathon_inject::document::Source;
use marathon_inject::identity::x509::rfc3339;
use marathon_inject::identity::{SpiffeId, TrustDomain};
use marathon_inject::plan::{Change, Injector, Rewritten, rewrite};
use serde::Serialize;
use time::OffsetDateTime;

use crate::args::BundleArgs;
use crate::bundle::{archive, issue, open};
use crate::release::{MadeDirectories, StagedFile, Target, refuse_within};
use crate::report::{Report, draw, failure, unreadable, until};
use crate::settings::injector;
use crate::underway::allow_many;

const INDEX: &str = "index.json";
const ARCHIVE: &str = "bundle-certs.tgz";

/// The content of the index.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'i> {
    trust_domain: TrustDomain,
    /// Each pod's identity, by the pod's id.
    pods: &'i BTreeMap<String, SpiffeId>,
    /// Each identity's bundle.
    bundles: BTreeMap<SpiffeId, IndexedBundle>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexedBundle {
    /// The archive, below the directory of the index.
    file: Utf8PathBuf,
    not_after: String,
}

/// Makes the bundles of all pods.
pub(crate) fn run(
    args: &BundleArgs,
    report: &Report,
    now: OffsetDateTime,
) -> Result<Citadel, Failure> {
    let out = &args.output;
    if out.exists() && !out.is_dir() || !matches!(Target::of(out)?, Target::Directory(_)) {
        return Err(Failure::input(format!("{out} is no directory: several bundles need one")));
    }
    // The pods may take their time to come; nobody is to wait for the CA meanwhile.
    let trust_domain = open(args, Access::Read, now)?.trust_domain().clone();
    let mut pods = Pods { injector: injector(args, &trust_domain)?, found: BTreeMap::new() };
    pods.read(&args.marathon, report)?;
    if pods.found.is_empty() {
        return Err(Failure::input("none of these pods is injected, so none needs a bundle"));
    }
    let mut citadel = open(args, Access::Write, now)?;
    if *citadel.trust_domain() != trust_domain {
        let (dir, other) = (&args.ca.dir, citadel.trust_domain());
        let words = format!("{dir} is another CA now, of {other} and no longer of {trust_domain}");
        return Err(Failure::input(words));
    }
    release(args, &mut citadel, &pods.found, report, now)?;
    Ok(citadel)
}

/// Stages all, promises what they will be, and lets them go; the index last.
fn release(
    args: &BundleArgs,
    citadel: &mut Citadel,
    pods: &BTreeMap<String, SpiffeId>,
    report: &Report,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let mut users: BTreeMap<&SpiffeId, usize> = BTreeMap::new();
    pods.values().for_each(|identity| *users.entry(identity).or_default() += 1);

    let out = &args.output;
    refuse_within(&args.ca.dir, &out.join(INDEX))?;
    allow_many();
    // Before what is staged in them, to be dropped after it.
    let mut made = MadeDirectories::default();
    made.make(out)?;
    let (mut staged, mut bundles, mut lines) = (Vec::new(), BTreeMap::new(), Vec::new());
    let mut last = now;
    for (identity, count) in users {
        let (bundle, leaf) = issue(args, citadel, identity, now)?;
        let (account, not_after) = (identity.account(), leaf.facts().not_after);
        let namespace = Utf8Path::new(account.namespace());
        let file = namespace.join(account.name()).join(ARCHIVE);
        refuse_within(&args.ca.dir, &out.join(&file))?;
        made.make(&out.join(namespace))?;
        made.make(&out.join(namespace).join(account.name()))?;
        let (place, plural) = (out.join(&file), if count == 1 { "" } else { "s" });
        staged.push(StagedFile::new(&place, &archive(&bundle, &leaf))?);
        let until = until(not_after, now);
        lines.push(format!("{place}: {identity}, for {count} pod{plural}, valid {until}"));
        bundles.insert(identity.clone(), IndexedBundle { file, not_after: rfc3339(not_after) });
        last = last.max(not_after);
    }
    let index = Index { trust_domain: citadel.trust_domain().clone(), pods, bundles };
    let mut json = serde_json::to_vec_pretty(&index).expect("the index serialises");
    json.push(b'\n');
    staged.push(StagedFile::new(&out.join(INDEX), &json)?);
    citadel.promise(last, &OsDisk).map_err(failure)?;
    staged.into_iter().try_for_each(StagedFile::release)?;
    lines.iter().for_each(|line| report.done(line));
    Ok(())
}

/// Who the pods are, by their ids.
struct Pods {
    injector: Injector,
    found: BTreeMap<String, SpiffeId>,
}

impl Pods {
    fn read(&mut self, paths: &[Utf8PathBuf], report: &Report) -> Result<(), Failure> {
        for path in paths {
            let (inputs, failures) = documents(path);
            if let Some(failure) = failures.into_iter().next() {
                return Err(failure);
            }
            for input in inputs {
                let source = input.read().map_err(unreadable)?;
                self.document(&source, report)?;
            }
        }
        Ok(())
    }

    fn document(&mut self, source: &Source, report: &Report) -> Result<(), Failure> {
        let mut failed = None;
        let rewritten = rewrite(source, Change::Inject(&self.injector), |entry| {
            failed = failed.take().or(Self::entry(&mut self.found, source, entry, report).err());
            Ok(())
        });
        match rewritten {
            Ok(_) => failed.map_or(Ok(()), Err),
            Err(faults) => {
                draw(source, &faults);
                Err(Failure::input(format!("{}: cannot be read", source.name())))
            }
        }
    }

    fn entry(
        found: &mut BTreeMap<String, SpiffeId>,
        source: &Source,
        entry: Rewritten,
        report: &Report,
    ) -> Result<(), Failure> {
        let name = entry.id.unwrap_or(entry.pointer);
        let Some(identity) = entry.identity else {
            let words = format!("{}: {} {}", source.name(), printable(&name), entry.outcome);
            if draw(source, &entry.findings) {
                return Err(Failure::input(words));
            }
            report.done(&words);
            return Ok(());
        };
        match found.insert(name.clone(), identity.clone()) {
            Some(before) if before != identity => Err(Failure::input(format!(
                "{}: {} is {identity} here, and {before} before",
                source.name(),
                printable(&name)
            ))),
            _ => Ok(()),
        }
    }
}
