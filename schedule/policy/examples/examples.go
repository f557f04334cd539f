// Package examples has policies for owners to start from, each a part of virgo.yaml with a comment. They
// are shown by `virgo help policy`; the tests of package policy hold what each of them allows and
// refuses.
package examples

import "embed"

//go:embed *.yaml
var files embed.FS

// All returns the examples in the order in which people should read them.
func All() []string {
	var all []string
	for _, name := range [...]string{
		"nagios-plugins", "databases", "web-sites", "processes-and-files", "existing-agent", "scripts",
	} {
		b, err := files.ReadFile(name + ".yaml")
		if err != nil {
			panic(err) // the build has them
		}
		all = append(all, string(b))
	}
	return all
}
