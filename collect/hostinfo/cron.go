package hostinfo

import (
	"context"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
)

// Bounds of what a table sets before its jobs; whoever has a crontab may write what cron reads in it.
const (
	// maxCronVariables of a table are told with each job.
	maxCronVariables = 64
	// maxCronVariable bytes of a name are looked at; a longer one is not told.
	maxCronVariable = 64
)

// A cronJob is a line of a crontab (crontab(5)), of anacrontab(5), or a script that run-parts(8) runs.
type cronJob struct {
	Time        string   `json:"time" doc:"what stands instead of the five fields: @daily; of anacrontab the period, '7 days'; else empty"`
	Minute      string   `json:"m" doc:"minute, as written"`
	Hour        string   `json:"h" doc:"hour, as written"`
	DayOfMonth  string   `json:"dom" doc:"day of the month, as written"`
	Month       string   `json:"mon" doc:"month, as written"`
	DayOfWeek   string   `json:"dow" doc:"day of the week, as written"`
	User        string   `json:"user" doc:"who it runs as"`
	Command     string   `json:"command" doc:"the command line, without secrets and without the input behind its first %"`
	File        string   `json:"file" doc:"where it is written"`
	Environment []string `json:"environment" doc:"names of the first 64 variables that the crontab sets before it; their values are not told"`
}

func cronType() Type {
	return Type{
		Name:    "cron",
		Summary: "cron's jobs, of the system and of its users",
		Systems: []string{"linux", "darwin", "freebsd"},
		Shape:   []cronJob{},
		Read:    readCron,
	}
}

func readCron(ctx context.Context, h *Host) (any, error) {
	var jobs []cronJob
	var f faults
	add := func(file string, parse func(b []byte) []cronJob) {
		if ctx.Err() != nil || len(jobs) > MaxRows {
			return
		}
		b, err := h.read(file)
		f.add(err)
		for _, j := range parse(b) {
			j.File = file
			jobs = append(jobs, j)
		}
	}
	system := func(b []byte) []cronJob { return parseCrontab(b, "") }
	add("/etc/crontab", system)
	names, err := h.names("/etc/cron.d")
	f.add(err)
	debian := h.exists("/etc/debian_version")
	for _, name := range names {
		if cronReads(name, debian) {
			add("/etc/cron.d/"+name, system)
		}
	}
	for _, period := range []string{"hourly", "daily", "weekly", "monthly"} {
		scripts, err := h.runParts("/etc/cron."+period, debian)
		f.add(err)
		for _, script := range scripts {
			jobs = append(jobs, cronJob{Time: "@" + period, User: "root", Command: script, File: path.Dir(script), Environment: []string{}})
		}
	}
	add("/etc/anacrontab", parseAnacrontab)
	for _, folder := range []string{"/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron", "/var/cron/tabs", "/usr/lib/cron/tabs"} {
		users, err := h.names(folder)
		f.add(err)
		for _, user := range users {
			file := folder + "/" + user
			if info, err := os.Lstat(h.path(file)); err == nil && info.Mode().IsRegular() {
				add(file, func(b []byte) []cronJob { return parseCrontab(b, user) })
			}
		}
	}
	f.add(ctx.Err())
	return told(jobs), f.err()
}

// runParts lists the scripts of a folder that run-parts would run.
func (h *Host) runParts(folder string, debian bool) ([]string, error) {
	names, err := h.names(folder)
	var scripts []string
	for _, name := range names {
		file := folder + "/" + name
		info, err := os.Stat(h.path(file))
		if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 && cronReads(name, debian) {
			scripts = append(scripts, file)
		}
	}
	return scripts, err
}

// cronReads says whether cron takes a file of that name: Debian's takes letters, digits, _ and - only, Red
// Hat's leaves out what packages and editors leave behind.
func cronReads(name string, debian bool) bool {
	if debian {
		return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
	}
	for _, end := range []string{"~", ",", ".rpmsave", ".rpmorig", ".rpmnew", ".swp", ".cfsaved"} {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	return !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "#")
}

// cronLines gives the lines of a table that say what to run, trimmed, each with the names of the variables that
// were set before it.
func cronLines(b []byte) iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		environment := []string{}
		for line := range strings.Lines(string(b)) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			if name, ok := cronVariable(line); ok {
				if len(environment) < maxCronVariables && len(name) <= maxCronVariable && !slices.Contains(environment, name) {
					// A new list, because the lines before have the old one.
					environment = append(environment[:len(environment):len(environment)], name)
				}
			} else if !yield(line, environment) {
				return
			}
		}
	}
}

// parseCrontab reads a crontab. Those of the system name the user in each line; of those of a user, the user
// is given. A line that cron would not run is left out, because nobody knows what its words are.
func parseCrontab(b []byte, user string) []cronJob {
	var jobs []cronJob
	for line, environment := range cronLines(b) {
		j := cronJob{User: user, Environment: environment}
		ok := true
		take := func(fits func(string) bool) (word string) {
			word, line, _ = cutField(line)
			ok = ok && fits(word)
			return word
		}
		if line[0] == '@' {
			j.Time = take(isCronNickname)
		} else {
			j.Minute, j.Hour, j.DayOfMonth = take(isCronField), take(isCronField), take(isCronField)
			j.Month, j.DayOfWeek = take(isCronField), take(isCronField)
		}
		if user == "" {
			j.User = take(func(word string) bool { return word != "" })
		}
		if j.Command = cronCommand(j.User, line); ok && j.Command != "" {
			jobs = append(jobs, j)
		}
		if len(jobs) > MaxRows {
			break
		}
	}
	return jobs
}

// parseAnacrontab reads lines of period, delay, name of the job, and command.
func parseAnacrontab(b []byte) []cronJob {
	var jobs []cronJob
	for line, environment := range cronLines(b) {
		period, rest, _ := cutField(line)
		delay, rest, _ := cutField(rest)
		name, command, _ := cutField(rest)
		if command = cronCommand(name, command); command == "" || !isNumber(delay) {
			continue
		}
		switch {
		case period == "1":
			period = "1 day"
		case isNumber(period):
			period += " days"
		case !isCronNickname(period):
			continue
		}
		jobs = append(jobs, cronJob{Time: period, User: "root", Command: command, Environment: environment})
		if len(jobs) > MaxRows {
			break
		}
	}
	return jobs
}

// isCronNickname says whether a word stands for five fields; FreeBSD's also has seconds: @600.
func isCronNickname(s string) bool {
	name, ok := strings.CutPrefix(s, "@")
	return ok && (isNumber(name) || slices.Contains([]string{
		"reboot", "yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly", "every_minute", "every_second",
	}, name))
}

// isCronField says whether a word is a field: numbers, names and * with , - / between; ~ is OpenBSD's and
// cronie's, and a - before the minute cronie's.
func isCronField(s string) bool {
	const names = " jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat "
	parts := strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(",-/~", c) })
	for _, p := range parts {
		if p != "*" && !isNumber(p) && !(len(p) == 3 && strings.Contains(names, " "+strings.ToLower(p)+" ")) {
			return false
		}
	}
	return len(parts) > 0
}

// isNumber says whether a word is a number as tables of cron's have them.
func isNumber(s string) bool {
	return s != "" && len(s) <= 6 && strings.Trim(s, "0123456789") == ""
}

// cronVariable gives the name of an assignment: a line of a job starts with a digit, a * or an @.
func cronVariable(line string) (name string, ok bool) {
	name, _, ok = strings.Cut(line, "=")
	name = strings.Trim(strings.TrimSpace(name), `"'`)
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	if !ok || name == "" || strings.Trim(name[:1], letters) != "" || strings.Trim(name, letters+"0123456789") != "" {
		return "", false
	}
	return name, true
}

// cronCommand is a command line as it is told, without what cron gives the command to read: the text behind an
// unescaped %. The word before it is looked at as well, because where the user was forgotten it is the
// command's name, which tells what the rest means.
func cronCommand(before, s string) string {
	for i := range len(s) {
		if s[i] == '%' && (i == 0 || s[i-1] != '\\') {
			s = s[:i]
			break
		}
	}
	s = strings.TrimSpace(s)
	if _, rest, _ := cutField(plainText(before + " " + s)); strings.Contains(rest, Redacted) {
		return rest
	}
	return plainText(s)
}

// cutField takes the first word off a line.
func cutField(line string) (word, rest string, ok bool) {
	line = strings.TrimLeft(line, " \t")
	end := strings.IndexAny(line, " \t")
	if end < 0 {
		return line, "", line != ""
	}
	return line[:end], strings.TrimLeft(line[end:], " \t"), true
}
