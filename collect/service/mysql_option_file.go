package service

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"virgo/collect/trust"
	"virgo/schedule/policy"
)

const (
	// maxOptionFiles is how many files are read for one check, with the included ones.
	maxOptionFiles = 64
	// maxOptionDepth is how deep includes may be nested, the client library's limit.
	maxOptionDepth = 10
)

// mysqlOptions are the options of the [client] groups by name, with - for _. The last of two values
// counts. An option without a value is "".
type mysqlOptions map[string]string

// An optionLine is a client's option, or a file or folder to include at this place.
type optionLine struct {
	name, value string
	include     bool
	folder      bool // !includedir
}

// readMySQLOptions reads the option file at path and the files that it includes. Errors name the
// file and the line, and never show its text, which may be a password. The guard decides on the first
// file, which includes the others.
func readMySQLOptions(path string, g *policy.Guard) (mysqlOptions, error) {
	options, left := make(mysqlOptions), maxOptionFiles
	if err := options.read(path, 0, &left, g); err != nil {
		return nil, err
	}
	return options, nil
}

func (o mysqlOptions) read(path string, depth int, left *int, g *policy.Guard) error {
	if depth > maxOptionDepth {
		return fmt.Errorf("%s is included more than %d files deep", path, maxOptionDepth)
	}
	if *left--; *left < 0 {
		return fmt.Errorf("more than %d option files are included", maxOptionFiles)
	}
	data, err := trust.ReadFile(path, g)
	if err != nil {
		return err
	}
	lines, err := parseMySQLOptions(string(data))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, l := range lines {
		switch {
		case !l.include:
			o[l.name] = l.value
		case l.folder:
			entries, err := os.ReadDir(l.value)
			if err != nil {
				return fmt.Errorf("included by %s: %w", path, err)
			}
			for _, e := range entries { // sorted by name
				if name := e.Name(); strings.HasSuffix(name, ".cnf") || strings.HasSuffix(name, ".ini") {
					if err := o.read(filepath.Join(l.value, name), depth+1, left, nil); err != nil {
						return err
					}
				}
			}
		default:
			if err := o.read(l.value, depth+1, left, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// parseMySQLOptions parses an option file (MySQL reference manual, "Using Option Files"), without
// the groups that clients do not read. Errors name the line's number.
func parseMySQLOptions(text string) ([]optionLine, error) {
	var (
		lines             []optionLine
		inGroup, isClient bool
		number            int
	)
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
			continue
		case line[0] == '!':
			words := strings.Fields(line[1:])
			if len(words) < 2 || words[0] != "include" && words[0] != "includedir" {
				return nil, fmt.Errorf("line %d is neither !include FILE nor !includedir FOLDER", number)
			}
			file := strings.TrimSpace(strings.TrimPrefix(line[1:], words[0]))
			lines = append(lines, optionLine{value: file, include: true, folder: words[0] == "includedir"})
			continue
		case line[0] == '[':
			name, _, closed := strings.Cut(line[1:], "]")
			if !closed {
				return nil, fmt.Errorf("line %d: a group without its closing bracket", number)
			}
			inGroup, isClient = true, isClientGroup(strings.TrimRight(name, " \t"))
			continue
		case !inGroup:
			return nil, fmt.Errorf("line %d: an option without a group", number)
		case !isClient:
			continue
		}
		name, value, _ := strings.Cut(stripComment(line), "=")
		name = strings.ReplaceAll(strings.TrimSpace(name), "_", "-")
		lines = append(lines, optionLine{
			name: strings.TrimPrefix(name, "loose-"), value: parseOptionValue(strings.TrimSpace(value)),
		})
	}
	return lines, nil
}

// isClientGroup reports whether all clients read the group; MariaDB has groups beside [client].
func isClientGroup(name string) bool {
	return name == "client" || name == "client-server" || name == "client-mariadb"
}

// stripComment returns the line up to the first # outside quotation marks.
func stripComment(line string) string {
	var quoteReceived byte
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quoteReceived != 0:
			i++
		case quoteReceived == 0 && (c == '"' || c == '\''):
			quoteReceived = c
		case c == quoteReceived:
			quoteReceived = 0
		case quoteReceived == 0 && c == '#':
			return line[:i]
		}
	}
	return line
}

// parseOptionValue removes the quotation marks around a value and resolves escapes; before other
// characters a backslash is literal.
func parseOptionValue(v string) string {
	if len(v) >= 2 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] {
		v = v[1 : len(v)-1]
	}
	if !strings.Contains(v, `\`) {
		return v
	}
	return strings.NewReplacer(
		`\b`, "\b", `\t`, "\t", `\n`, "\n", `\r`, "\r", `\s`, " ", `\\`, `\`, `\"`, `"`, `\'`, `'`,
	).Replace(v)
}
