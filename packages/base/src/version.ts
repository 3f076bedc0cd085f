/** The Kubernetes minor whose API we serve; kubectl compares it with its own. */
export const KUBERNETES_MAJOR = "1";
export const KUBERNETES_MINOR = "33";
export const FLOTILLA_VERSION = "0.1.0";
/** What `kubectl version` and a node's kubeletVersion show. */
export const GIT_VERSION = `v${KUBERNETES_MAJOR}.${KUBERNETES_MINOR}.1+flotilla.${FLOTILLA_VERSION}`;
