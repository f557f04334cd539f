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
  scripts                    checks in Lua (script.*), as long as no detail chooses a file, program or host
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

Scripts. What checks in Lua may use stands under scripts, whoever asks for the check, in checks.d too. A
script declares what it needs, and has it as far as a grant covers it; without the key, that is the
kernel's own figures. Scripts of the folder %s have what they declare.

scripts:
  - figures                  # the kernel's own figures
  - {script: script.containers, unix: [/run/docker.sock]}
  - {script: 'script.disk_*', programs: [smartctl, 'sudo nvme']}
  - {script: any, files: ['/sys/class/hwmon/**'], tcp: ['127.0.0.1:*'], http: ['https://*.example.com/**']}
  - {script: any, files: ['/home/**'], deny: true}
  - declared                 # whatever they declare: trust in those who sign the bundle

All grants count, in any order, and one that denies wins. The kinds are files, programs, tcp and udp
(HOST:PORT), unix, http, dns, figures. A path has to fit where its links lead. Sockets, sudo, link-local
addresses and metadata services must be spelled out. No grant opens virgo's own state, settings,
secrets and plugins, or the environments, command lines and memory of processes. A program that is
granted does what its arguments say: sh is all programs.

virgo policy check    the rules, and how many checks each one allows
virgo policy suggest  rules that would allow what is refused now
virgo policy explain  why a check is allowed or refused
`, a.Paths().Config, strings.Join(policy.Questions(), ", "), strings.Join(policy.DefaultHostInfo()[:3], ", ")+", …",
		a.Paths().Scripts)
	fmt.Fprintln(a.Out, "\nSix examples:")
	for _, text := range examples.All() {
		if _, err := fmt.Fprint(a.Out, "\n"+text); err != nil {
			return err
		}
	}
	return nil
}
