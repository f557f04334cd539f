package remote

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	// A question is asked so many times at least, each server once, and each time waits so long: as resolv.conf(5), with
	// one more, since a datagram that is lost is no fault of the server's.
	dnsAttempts = 3
	dnsWait     = 5 * time.Second
)

var (
	errNoAnswer      = errors.New("there is no answer")
	errOtherQuestion = errors.New("the answer over TCP is to another question")
)

// exchange asks the servers in turn until one answers, and says which one it asked last.
func (q lookup) exchange(ctx context.Context) (reply *dns.Msg, server string, err error) {
	for attempt := range max(dnsAttempts, len(q.servers)) {
		server = q.servers[attempt%len(q.servers)]
		reply, err = q.askOnce(ctx, server)
		if err == nil || ctx.Err() != nil {
			return reply, server, err
		}
		if !errors.Is(err, errNoAnswer) && attempt >= len(q.servers)-1 {
			return nil, server, err // refused by all: asking again says the same
		}
	}
	return nil, server, err
}

// askOnce asks over UDP, over TCP where the answer did not fit, and without EDNS where the server does not know that.
func (q lookup) askOnce(ctx context.Context, server string) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, q.wait, errNoAnswer)
	defer cancel()
	message := q.message.Copy()
	message.Id = dns.Id() // who saw or guessed the last one knows nothing of this one
	reply, err := q.over(ctx, "udp", server, message)
	if err == nil && message.IsEdns0() != nil && (reply.Rcode == dns.RcodeFormatError || reply.Rcode == dns.RcodeNotImplemented) {
		message.Id, message.Extra = dns.Id(), nil
		reply, err = q.over(ctx, "udp", server, message)
	}
	if err == nil && reply.Truncated {
		reply, err = q.over(ctx, "tcp", server, message)
	}
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return reply, err
}

// over sends the message on a connection of its own and waits for its answer. Over UDP whatever is not that is ignored,
// since anybody may have sent it.
func (q lookup) over(ctx context.Context, network, server string, message *dns.Msg) (*dns.Msg, error) {
	line, stop := until(ctx)
	defer stop()
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return nil, err
	}
	conn, err := line.open(func() (net.Conn, error) { return dial(ctx, network, q.only, host, port) })
	if err != nil {
		return nil, err
	}
	c := dns.Conn{Conn: conn, UDPSize: udpBytes}
	if err := c.WriteMsg(message); err != nil {
		return nil, err
	}
	for {
		reply, err := c.ReadMsg()
		var broken *net.OpError
		switch {
		case err == nil && answers(reply, message):
			return reply, nil
		case network == "tcp" && err == nil:
			return nil, errOtherQuestion
		case network == "tcp" || errors.As(err, &broken):
			return nil, err
		}
	}
}

// answers says whether a reply is one to the message: the number, the question. A server that could not read
// the question (FORMERR) repeats none.
func answers(reply, message *dns.Msg) bool {
	if reply.Id != message.Id || !reply.Response || reply.Opcode != message.Opcode {
		return false
	}
	if len(reply.Question) == 0 {
		return reply.Rcode == dns.RcodeFormatError
	}
	asked, repeated := message.Question[0], reply.Question[0]
	return len(reply.Question) == 1 && strings.EqualFold(asked.Name, repeated.Name) &&
		asked.Qtype == repeated.Qtype && asked.Qclass == repeated.Qclass
}
