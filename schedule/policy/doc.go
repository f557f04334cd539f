// Package policy decides what an endpoint may make a host do. The host's owner says it in virgo.yaml,
// under remote; everything else is denied.
//
// # The way of a check
//
// An endpoint's check passes here twice:
//
//   - When its schedule arrives, or the owner changes the configuration, [Policy.Judge] compares each
//     check with the rules and writes the verdict into it ([schedule.Check].AllowedBy, Refusal). The
//     verdicts are stored with the cached schedule, so that an ordinary run reads them and decides
//     nothing.
//   - When it runs, what could not be known before is compared once more, by the [Guard] in
//     [collect.Request]: the file that a link or a glob leads to, the URL of a redirect, the address
//     that a name resolves to, a Unix socket. The guard repeats the decision with the value that is
//     about to be used in place of the one that the endpoint sent.
//
// A check of the owner's own (checks.d, the built-in ones, a command line) has no guard and no verdict:
// nothing here limits it. A check that came from an endpoint and has no verdict does not run.
//
// # Rules
//
// The rules are tried in order, and the first one that fits decides. Without one that fits, the check is
// refused. They see the effective check ([Effective]): its details with the defaults that the check
// would use, target_alias, and the port of a URL that names none, all of them in the form in which they
// are used (host names without case, paths cleaned, percent-encoding undone). A rule is a mapping with a
// line for each detail:
//
//   - figures                            what this kernel tells about itself, see figures.go
//   - scripts                            checks in Lua, see below
//   - all                                everything
//   - type: agent.file                   a glob, or a list of them
//     target: [/var/log/**, /srv/*/log]  patterns, of which one must match
//     deny: true                         the rule forbids what it fits
//
// A rule that allows fits if each of its lines matches, and if each detail that it does not name is the
// default: what the owner did not think of is refused. Time limits, thresholds and patterns for the
// answer of an allowed page ([schedule.Free], [schedule.Match]) need no line. A detail that is absent and
// has no default counts as the empty text, which "any" and * match, and 10..90 does not.
//
// A rule that denies fits if each of its lines matches a detail that is there, whatever else the check
// has: otherwise a further detail would evade it.
//
// # Patterns
//
// See [Pattern]. Matching takes time in proportion to the product of the lengths of pattern and value,
// both of which are bounded; there are patterns of the owner only, and regular expressions are RE2. What
// an endpoint sends as a regular expression for its own check is bounded as well (isTooLarge).
//
// # What needs a rule that names it
//
// Link-local addresses, the metadata services of clouds (metadata.go), Unix sockets, UNC paths, and a
// user, password or fragment in a URL are allowed by a pattern that spells them out only: no glob, regular
// expression or "any" matches them. A name that resolves to this host itself (127.0.0.1, ::1) is dialled if
// a pattern spells out the name, or matches the address too. A file with credentials of this host (mycnf) is
// not combined with a destination that the endpoint could choose. The rule all is the exception: it allows
// everything but an option file for another host, and a secret whose own rules do not fit.
//
// # Secrets
//
// A password, or the value of a header, can be "secret:NAME". The value is the owner's, and is put into
// the check when it runs, if the rules of the secret itself allow the effective check: of what they do not
// name, only what decides where the secret goes has to be the default. The guard then holds the rules of
// the secret too, so that a redirect does not take it elsewhere.
//
// # Scripts
//
// Checks in Lua (script.*) are types like others: an endpoint may schedule what the rules allow. The keyword
// scripts allows each of them whose details choose nothing that is opened, run or connected to.
//
// What a script may use is another question, which [Grants] answer, whoever asked for the check. A script declares
// patterns for files, programs, hosts and figures, in which ${name} stands for a detail. At each use, a
// [ScriptGuard] decides: what is used must fit a declared pattern, and a grant, and no grant that denies; of an
// endpoint's check, what the endpoint chose by a detail must fit the rule that allowed the check. Declared patterns
// are globs. What has to be named for an endpoint's checks has to be named here as well, also where the grant is
// "declared": sockets, sudo, link-local addresses, metadata services, and names that lead to this host itself.
// [Grants.Missing] compares the patterns before a script runs, for an early message; it decides nothing.
//
// Scripts of the owner's own folder have what they declare: whoever may write there may write a plugin. No grant
// and no declaration opens what neverOpened has, and most of /proc/PID (script_proc.go).
//
// A path is compared by where its links lead. Two sorts of links are part of what a pattern means: those that root
// alone can make (/var/run), and those that the kernel makes in /sys, where figures have their known names.
//
// # What can fail, and what is seen
//
// A mistake in remote is one in a setting that decides whom to trust: nothing is delivered, and checks of
// an endpoint are refused. A refusal is a result like others, unavailable, with "refused": true and a
// status that begins with "not allowed by this host's owner"; it names the detail and its value, and no
// secret.
//
// # Who could abuse it
//
// Whoever holds the endpoint chooses every byte of a check, its redirects, and often the names that DNS
// resolves for it. The tests named TestEndpointCannot are what was tried.
package policy
