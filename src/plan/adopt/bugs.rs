//! The bugs that hand-written sidecars are known to have, and that adoption mends.

use crate::document::Diagnostic;

/// A bug that goes with the old container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bug {
    /// `chown` of a directory that the line did not make.
    KeyOwner,
    /// Nothing tells whether the certificates arrived.
    UncheckedCertificates,
    /// The executor's connections to its agent are captured.
    ExecutorCaptured,
    /// The shell keeps SIGTERM to itself.
    SignalLost,
    /// A variable has to be misspelt.
    MisspeltVariable,
    /// `forcePullImage` in the image.
    UnreadForcePull,
    /// istio-iptables.sh without `-u`, or with another user.
    RootExempt,
    /// No istio-iptables.sh, or one without `-i`.
    OutboundOpen,
    /// istio-iptables.sh with `-d` beside a list.
    ExclusionIgnored,
}

impl Bug {
    /// The note that it is mended.
    pub(super) fn note(self) -> Diagnostic {
        let (rule, words) = match self {
            Self::KeyOwner => (
                "A22",
                "the owner of the certificates was never set, for chown is given another directory",
            ),
            Self::UncheckedCertificates => {
                ("A23", "the start went on whether or not the certificates had arrived")
            }
            Self::ExecutorCaptured => {
                ("A24", "the Mesos executor's connections to its agent (port 5051) were captured")
            }
            Self::SignalLost => {
                ("A25", "the shell stayed in front of pilot-agent, which SIGTERM never reached")
            }
            Self::MisspeltVariable => {
                ("A26", "the image reads DISCOVERY_ADDRESSS only with three S; now it is a setting")
            }
            Self::UnreadForcePull => (
                "A27",
                "image.forcePullImage is ignored by Marathon; the setting is image-pull-policy",
            ),
            Self::RootExempt => {
                ("A28", "istio-iptables.sh without -u 1337 captures nothing of what root sends")
            }
            Self::OutboundOpen => {
                ("A29", "without istio-iptables.sh -i, nothing that the pod sends was captured")
            }
            Self::ExclusionIgnored => {
                ("A30", "istio-iptables.sh ignores -d beside a list of ports in -b")
            }
        };
        Diagnostic::note(format!("fixed: {words}")).rule(rule)
    }
}
