package main

import (
	"strings"

	rule "virgo/schedule/alarm"
)

type alarmDefaultsCmd struct{}

func (alarmDefaultsCmd) Help() string {
	return "Prints the alarms that every host has, in the form of the files in alarms.d, and the functions of conditions. There " +
		"\"override: ID\" changes one of them for some hosts, and \"disable: [ID]\" turns one off."
}

type defaultsDocument struct {
	document
	Rules     string           `json:"rules"`
	Functions []functionRecord `json:"functions"`
}

type functionRecord struct {
	Usage   string `json:"usage"`
	Summary string `json:"summary"`
}

func (alarmDefaultsCmd) Run(a *app) error {
	doc := defaultsDocument{document: document{schemaVersion}, Rules: rule.DefaultsText()}
	width := 0
	for _, f := range rule.Functions() {
		doc.Functions = append(doc.Functions, functionRecord(f))
		width = max(width, len(f.Usage))
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	var b strings.Builder
	b.WriteString(doc.Rules + "\n# The functions of conditions. A condition that needs a value which is missing is neither true nor false.\n#\n")
	for _, f := range doc.Functions {
		b.WriteString("#   " + f.Usage + strings.Repeat(" ", width-len(f.Usage)+2) + f.Summary + "\n")
	}
	b.WriteString("#\n# Besides: available and status of the check; and, or, not, < <= > >= == != + - * / in contains startsWith\n" +
		"# endsWith matches (RE2); of the host, times in seconds:\n")
	for _, name := range rule.HostFields() {
		b.WriteString("#   " + name + "\n")
	}
	return a.print([]byte(b.String()))
}
