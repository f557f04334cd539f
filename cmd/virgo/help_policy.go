package main

import (
	"fmt"
	"strings"

	"virgo/schedule/policy"
	"virgo/schedule/policy/examples"
)

// printPolicyHelp explains the rules and prints the examples, each of which a test holds to its comment.
func printPolicyHelp(a *app) error {
	fmt.Fprintf(a.Out, `What the endpoint may make this host do stands under remote in %s,
which only you can write. Without it, the endpoint gets the kernel's own figures. Your own checks,
in checks.d, are not limited by it.

remote:
  checks: [figures]          # rules, see below; [] allows no check, [all] everything
  questions: [%s]    # what it may ask in a session; none: nothing
  host_info: [%s]    # host information that it gets; all
  host_info_deny: [procs]    # and what it never gets

Rules. The first one that fits a check decides; without one, the check is refused. A refused check
has a result that says so. A rule has the type of the checks and a line for each detail:

  figures                    processor, memory, load, disks, file systems, network, states of systemd
                             units, processes by name and user
  {type: agent.plugin, file: 'backup-*', args: ['-w', 10..90]}
                             a pattern for each argument, in order; any... at the end: any further ones
  {type: remote.http, url: 'https://*.example.com/admin/**', deny: true}
                             forbids what fits

A detail that a rule does not name must have its default. These need no line: timeout, min, max,
max_age, min_size, max_size, count, and the patterns for the answer of a page.

Patterns. A list means any of them.

  any                        every value, but see below
  check_*                    a glob: * within one part of a path or a host's name, ** across them
  10..90                     a number
  /[a-z]+/                   a regular expression for the whole value

Rules see a check as it would run: with defaults, paths without .. and links, hosts without case,
ports that a URL does not name. Each file is compared again when it is opened, each redirect and
each address before it is used. Link-local addresses, metadata services of clouds, Unix sockets, and
a user or password in a URL must be spelled out in the rule; no pattern matches them. A name that
resolves to this host itself must be spelled out too, unless the rule allows 127.0.0.1.

Secrets. secrets: has passwords that a check can name (password: 'secret:mysql') and the endpoint
never sees, with rules for the checks that may have them. An option file (mycnf) is read only where
the endpoint does not choose the server.

virgo policy check    the rules, and how many checks each one allows
virgo policy suggest  rules that would allow what is refused now
virgo policy explain  why a check is allowed or refused
`, a.Paths().Config, strings.Join(policy.Questions(), ", "), strings.Join(policy.DefaultHostInfo()[:3], ", ")+", …")
	fmt.Fprintln(a.Out, "\nFive examples:")
	for _, text := range examples.All() {
		if _, err := fmt.Fprint(a.Out, "\n"+text); err != nil {
			return err
		}
	}
	return nil
}
