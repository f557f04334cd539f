package hostinfo

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Bounds of the count of a mail queue.
const (
	// maxQueueFiles of one queue are counted.
	maxQueueFiles = 1_000_000
	// maxQueueDepth is how deep its folders lie in each other (hash_queue_depth).
	maxQueueDepth = 4
)

// postfix is how the Postfix mail server is set up, and what waits in its queues.
type postfix struct {
	Installed     bool            `json:"installed" doc:"its program or its configuration is there; the rest is empty where neither is"`
	Configuration postfixSettings `json:"current_configuration" doc:"settings that tell whom it serves and how; empty where they are not set"`
	Queue         postfixQueue    `json:"mail_queue_size" doc:"mails in each queue"`
	Process       postfixProcess  `json:"process" doc:"its first process"`
}

// postfixSettings are parameters of postconf(5). None holds a password; those that name tables of passwords
// are left out.
type postfixSettings struct {
	MailVersion       string `json:"mail_version" doc:"version of Postfix; empty where its program cannot be asked"`
	MyHostname        string `json:"myhostname" doc:"name of the host"`
	MyDomain          string `json:"mydomain" doc:"its domain"`
	MyOrigin          string `json:"myorigin" doc:"domain of mail that is sent from here"`
	MyDestination     string `json:"mydestination" doc:"domains whose mail stays here"`
	MyNetworks        string `json:"mynetworks" doc:"clients that may send anywhere"`
	InetInterfaces    string `json:"inet_interfaces" doc:"addresses that it waits at"`
	InetProtocols     string `json:"inet_protocols" doc:"ipv4, ipv6 or all"`
	RelayHost         string `json:"relayhost" doc:"where mail is passed on to"`
	RelayRestrictions string `json:"smtpd_relay_restrictions" doc:"who may pass mail on"`
	ServerTLS         string `json:"smtpd_tls_security_level" doc:"TLS towards those who bring mail"`
	ServerCertificate string `json:"smtpd_tls_cert_file" doc:"path of its certificate"`
	ClientTLS         string `json:"smtp_tls_security_level" doc:"TLS towards those who get mail"`
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
	Hold     int `json:"hold" doc:"held back by the owner"`
	Corrupt  int `json:"corrupt" doc:"damaged"`
	Bounce   int `json:"bounce" doc:"notes about what could not be delivered"`
	Maildrop int `json:"maildrop" doc:"brought by programs of this host, not taken yet"`
}

type postfixProcess struct {
	PID     int    `json:"pid" doc:"number of the process; 0 where Postfix does not run"`
	Process string `json:"process" doc:"its program"`
}

func postfixType() Type {
	return Type{
		Name:    "postfix",
		Summary: "how the Postfix mail server is set up, and what waits in its queues",
		Systems: []string{"linux", "freebsd"},
		Shape:   postfix{},
		Read:    readPostfix,
	}
}

func readPostfix(ctx context.Context, h *Host) (any, error) {
	var p postfix
	var f faults
	const folder, file = "/etc/postfix", "/etc/postfix/main.cf"
	program := h.binary("postconf")
	if p.Installed = program != "" || h.exists(file); !p.Installed {
		return p, nil
	}
	b, err := h.read(file)
	f.add(err)
	settings := parsePostconf(b)
	if program != "" {
		// It also knows what is not written anywhere.
		names := make([]string, 0, 20)
		for name := range p.Configuration.fields() {
			names = append(names, name)
		}
		slices.Sort(names)
		out, err := h.output(ctx, "postconf", names...)
		if f.add(err); err == nil {
			settings = parsePostconf(out)
		}
	}
	for name, field := range p.Configuration.fields() {
		*field = plainText(settings[name])
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
		*count, err = h.countFiles(ctx, p.Configuration.QueueDirectory+"/"+name, maxQueueDepth)
		f.add(err)
	}
	p.Process = h.postfixProcess(p.Configuration.QueueDirectory)
	f.add(ctx.Err())
	return p, f.err()
}

// fields are where the settings go, by their names.
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

// parsePostconf reads main.cf(5), and what postconf(1) prints: "name = value"; a line that starts with white
// space goes on with the value before.
func parsePostconf(b []byte) map[string]string {
	settings := map[string]string{}
	last := ""
	for line := range strings.Lines(string(b)) {
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if last != "" && len(settings[last])+len(text) < maxText {
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

// countFiles counts the files below a folder by the names that folders list, without looking at each.
func (h *Host) countFiles(ctx context.Context, folder string, depth int) (int, error) {
	f, err := h.openFolder(folder)
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
				below, err := h.countFiles(ctx, folder+"/"+e.Name(), depth-1)
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
			return count, h.plain(folder, err)
		}
		if count > maxQueueFiles {
			return count, fmt.Errorf("%s has more than %d files", folder, maxQueueFiles)
		}
	}
	return count, ctx.Err()
}

// postfixProcess finds master(8), whose number is in its lock file.
func (h *Host) postfixProcess(queues string) postfixProcess {
	b, err := h.read(queues + "/pid/master.pid")
	pid := strings.TrimSpace(string(b))
	if err != nil || pid == "" {
		return postfixProcess{}
	}
	const name = "master"
	for _, running := range h.daemons(name) {
		if strconv.Itoa(running) == pid {
			return postfixProcess{running, name}
		}
	}
	return postfixProcess{}
}
