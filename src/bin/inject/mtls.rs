//! `inject mtls`: what turns mutual TLS on or off in the whole mesh. That is no business of pods: a
//! pod with a certificate can do both, and Istio's configuration says which. It is YAML, for
//! `kubectl apply -f -` against the API server that Pilot reads.
//!
//! One resource says what services take (MeshPolicy, later PeerAuthentication), the other what
//! clients send (DestinationRule). Without the second, clients still send plain text.

use marathon_inject::command_line::{Failure, print, unless_unread};
use marathon_inject::settings::Domain;

use crate::args::{Mode, MtlsArgs, Resources};
use crate::report::Report;
use crate::settings::settings;

/// Runs `inject mtls`.
pub(crate) fn run(args: &MtlsArgs) -> Result<(), Failure> {
    let mut report = Report::new(false, false);
    let told = settings(&args.settings, &mut report);
    let verdict = report.verdict("printed");
    // Where stderr is closed there is nobody left to tell; the exit code still says it.
    let _ = report.tell(verdict.is_ok());
    verdict?;
    let text = resources(args.format, args.mode, &told.settings.domain);
    unless_unread(print(text.as_bytes()))
}

/// Both resources.
fn resources(format: Resources, mode: Mode, domain: &Domain) -> String {
    match format {
        // Istio 1.0.5 install/kubernetes/helm/istio/templates/crds.yaml
        Resources::Kubectl => {
            mesh_policy(mode) + &rule("networking.istio.io/v1alpha3", "default", mode, domain)
        }
        // Istio 1.22 manifests/charts/base/files/crd-all.gen.yaml; mesh-wide is what stands in the
        // root namespace.
        Resources::PeerAuthentication => {
            peer_authentication(mode)
                + &rule("networking.istio.io/v1", "istio-system", mode, domain)
        }
    }
}

/// A policy without peers asks for no certificate.
fn mesh_policy(mode: Mode) -> String {
    let spec = match mode {
        Mode::Strict => "spec:\n  peers:\n  - mtls: {}\n",
        Mode::Permissive => "spec:\n  peers:\n  - mtls:\n      mode: PERMISSIVE\n",
        Mode::Disable => "spec: {}\n",
    };
    format!(
        "apiVersion: authentication.istio.io/v1alpha1\n\
         kind: MeshPolicy\n\
         metadata:\n  name: default\n\
         {spec}"
    )
}

fn peer_authentication(mode: Mode) -> String {
    let mode = match mode {
        Mode::Strict => "STRICT",
        Mode::Permissive => "PERMISSIVE",
        Mode::Disable => "DISABLE",
    };
    format!(
        "apiVersion: security.istio.io/v1\n\
         kind: PeerAuthentication\n\
         metadata:\n  name: default\n  namespace: istio-system\n\
         spec:\n  mtls:\n    mode: {mode}\n"
    )
}

/// A domain has nothing in it that YAML would read otherwise; the asterisk is quoted.
fn rule(version: &str, namespace: &str, mode: Mode, domain: &Domain) -> String {
    let tls = match mode {
        Mode::Strict | Mode::Permissive => "ISTIO_MUTUAL",
        Mode::Disable => "DISABLE",
    };
    let domain = domain.as_str();
    format!(
        "---\n\
         apiVersion: {version}\n\
         kind: DestinationRule\n\
         metadata:\n  name: default\n  namespace: {namespace}\n\
         spec:\n  host: \"*.{domain}\"\n  trafficPolicy:\n    tls:\n      mode: {tls}\n"
    )
}
