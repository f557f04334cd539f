package apps

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// Bounds of the count of a mail queue.
const (
	// maxQueueFiles of one queue are counted.
	maxQueueFiles = 1_000_000
	// maxQueueDepth is how deep its folders are nested (hash_queue_depth).
	maxQueueDepth = 4
)

// postfix is configuration of the Postfix mail server, and its queues.
type postfix struct {
	Installed     bool            `json:"installed" doc:"its program or its configuration exists; the rest is empty if neither does"`
	Configuration postfixSettings `json:"current_configuration" doc:"settings of whom it serves and how; empty if they are not set"`
	Queue         postfixQueue    `json:"mail_queue_size" doc:"mails in each queue"`
	Process       postfixProcess  `json:"process" doc:"its first process"`
}

// postfixSettings are parameters of postconf(5). None has a password in it; those that name tables
// of passwords are left out.
type postfixSettings struct {
	MailVersion       string `json:"mail_version" doc:"version of Postfix; empty if its program cannot be run"`
	MyHostname        string `json:"myhostname" doc:"name of the host"`
	MyDomain          string `json:"mydomain" doc:"its domain"`
	MyOrigin          string `json:"myorigin" doc:"domain of mail that is sent from this host"`
	MyDestination     string `json:"mydestination" doc:"domains whose mail is delivered on this host"`
	MyNetworks        string `json:"mynetworks" doc:"clients that may send anywhere"`
	InetInterfaces    string `json:"inet_interfaces" doc:"addresses that it listens on"`
	InetProtocols     string `json:"inet_protocols" doc:"ipv4, ipv6 or all"`
	RelayHost         string `json:"relayhost" doc:"host that mail is relayed to"`
	RelayRestrictions string `json:"smtpd_relay_restrictions" doc:"who may relay mail"`
	ServerTLS         string `json:"smtpd_tls_security_level" doc:"TLS for incoming mail"`
	ServerCertificate string `json:"smtpd_tls_cert_file" doc:"path of its certificate"`
	ClientTLS         string `json:"smtp_tls_security_level" doc:"TLS for outgoing mail"`
	MessageSize       string `json:"message_size_limit" doc:"largest mail, bytes"`
	MailboxSize       string `json:"mailbox_size_limit" doc:"largest mailbox, bytes; 0 none"`
	AliasDatabase     string `json:"alias_database" doc:"tables of aliases"`
	ConfigDirectory   string `json:"config_directory" doc:"folder of the configuration"`
	QueueDirectory    string `json:"queue_directory" doc:"folder of the queues"`
}

type postfixQueue struct {
	Incoming int `json:"incoming" doc:"just arrived"`
	Active   int `json:"active" doc:"being delivered"`
	Deferred int `json:"deferred" doc:"to be tried again"`
	Hold     int `json:"hold" doc:"held by the owner"`
	Corrupt  int `json:"corrupt" doc:"damaged"`
	Bounce   int `json:"bounce" doc:"notices of failed deliveries"`
	Maildrop int `json:"maildrop" doc:"submitted on this host, not yet accepted"`
}

type postfixProcess struct {
	PID     int    `json:"pid" doc:"number of the process; 0 if Postfix does not run"`
	Process string `json:"process" doc:"its program"`
}

func postfixType() source.Type {
	return source.Type{
		Name:    "postfix",
		Summary: "how the Postfix mail server is set up, and what waits in its queues",
		Systems: []string{"linux", "freebsd"},
		Shape:   postfix{},
		Read:    readPostfix,
	}
}

func readPostfix(ctx context.Context, h *source.Host) (any, error) {
	var p postfix
	var problems source.Problems
	const folder, file = "/etc/postfix", "/etc/postfix/main.cf"
	program := h.Program("postconf")
	if p.Installed = program != "" || h.Exists(file); !p.Installed {
		return p, nil
	}
	b, err := h.Read(file)
	problems.Add(err)
	settings := parsePostconf(b)
	if program != "" {
		// postconf also knows the defaults.
		names := make([]string, 0, 20)
		for name := range p.Configuration.fields() {
			names = append(names, name)
		}
		slices.Sort(names)
		out, err := h.Run(ctx, "postconf", names...)
		if problems.Add(err); err == nil {
			settings = parsePostconf(out)
		}
	}
	for name, field := range p.Configuration.fields() {
		*field = redact.Value(name, settings[name])
	}
	if p.Configuration.ConfigDirectory == "" {
		p.Configuration.ConfigDirectory = folder
	}
	if p.Configuration.QueueDirectory == "" {
		p.Configuration.QueueDirectory = "/var/spool/postfix"
	}
	for name, count := range map[string]*int{
		"incoming": &p.Queue.Incoming, "active": &p.Queue.Active, "deferred": &p.Queue.Deferred, "hold": &p.Queue.Hold,
		"corrupt": &p.Queue.Corrupt, "bounce": &p.Queue.Bounce, "maildrop": &p.Queue.Maildrop,
	} {
		*count, err = countFiles(ctx, h, p.Configuration.QueueDirectory+"/"+name, maxQueueDepth)
		problems.Add(err)
	}
	p.Process = findMaster(h, p.Configuration.QueueDirectory)
	problems.Add(ctx.Err())
	return p, problems.Err()
}

// fields are the fields by the settings' names.
func (s *postfixSettings) fields() map[string]*string {
	return map[string]*string{
		"mail_version": &s.MailVersion, "myhostname": &s.MyHostname, "mydomain": &s.MyDomain, "myorigin": &s.MyOrigin,
		"mydestination": &s.MyDestination, "mynetworks": &s.MyNetworks, "inet_interfaces": &s.InetInterfaces,
		"inet_protocols": &s.InetProtocols, "relayhost": &s.RelayHost, "smtpd_relay_restrictions": &s.RelayRestrictions,
		"smtpd_tls_security_level": &s.ServerTLS, "smtpd_tls_cert_file": &s.ServerCertificate,
		"smtp_tls_security_level": &s.ClientTLS, "message_size_limit": &s.MessageSize, "mailbox_size_limit": &s.MailboxSize,
		"alias_database": &s.AliasDatabase, "config_directory": &s.ConfigDirectory, "queue_directory": &s.QueueDirectory,
	}
}

// parsePostconf parses main.cf(5), and what postconf(1) prints: "name = value". A line that starts
// with white space continues the value before it.
func parsePostconf(b []byte) map[string]string {
	settings := map[string]string{}
	last := ""
	for line := range strings.Lines(string(b)) {
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if last != "" && len(settings[last])+len(text) < redact.MaxExcerpt {
				settings[last] = strings.TrimSpace(settings[last] + " " + text)
			}
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		if last = strings.TrimSpace(name); !ok {
			last = ""
			continue
		}
		settings[last] = strings.TrimSpace(value)
	}
	return settings
}

// countFiles counts the files below a folder by listing folders, without a stat of each file.
func countFiles(ctx context.Context, h *source.Host, folder string, depth int) (int, error) {
	f, err := h.OpenDir(folder)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	count := 0
	for ctx.Err() == nil {
		entries, err := f.ReadDir(1000)
		for _, e := range entries {
			switch {
			case e.IsDir() && depth > 1:
				below, err := countFiles(ctx, h, folder+"/"+e.Name(), depth-1)
				if count += below; err != nil {
					return count, err
				}
			case e.Type().IsRegular():
				count++
			}
		}
		if err == io.EOF {
			return count, nil
		}
		if err != nil {
			return count, h.NameError(folder, err)
		}
		if count > maxQueueFiles {
			return count, fmt.Errorf("%s has more than %d files", folder, maxQueueFiles)
		}
	}
	return count, ctx.Err()
}

// findMaster finds master(8), whose number is in its lock file.
func findMaster(h *source.Host, queues string) postfixProcess {
	b, err := h.Read(queues + "/pid/master.pid")
	pid := strings.TrimSpace(string(b))
	if err != nil || pid == "" {
		return postfixProcess{}
	}
	const name = "master"
	for _, running := range h.Processes(name) {
		if strconv.Itoa(running) == pid {
			return postfixProcess{running, name}
		}
	}
	return postfixProcess{}
}
