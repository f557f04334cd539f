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
	// A query is sent dnsAttempts times, or once to each server where there are more, and waits
	// dnsTimeout for each reply: the defaults of resolv.conf(5), with one attempt more for a lost
	// datagram.
	dnsAttempts = 3
	dnsTimeout  = 5 * time.Second
)

var (
	errNoReply    = errors.New("no reply")
	errOtherQuery = errors.New("the reply over TCP is to another query")
)

// exchange queries the servers in turn until one replies, and returns the last one that it queried.
func (q dnsQuery) exchange(ctx context.Context) (reply *dns.Msg, server string, err error) {
	for attempt := range max(dnsAttempts, len(q.servers)) {
		server = q.servers[attempt%len(q.servers)]
		reply, err = q.queryOnce(ctx, server)
		if err == nil || ctx.Err() != nil {
			return reply, server, err
		}
		if !errors.Is(err, errNoReply) && attempt >= len(q.servers)-1 {
			return nil, server, err // all servers failed, and would again
		}
	}
	return nil, server, err
}

// queryOnce queries over UDP; over TCP where the reply is truncated, and without EDNS where the
// server does not support it.
func (q dnsQuery) queryOnce(ctx context.Context, server string) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, q.wait, errNoReply)
	defer cancel()
	message := q.message.Copy()
	message.Id = dns.Id() // a new one, in case the previous one was seen or guessed
	reply, err := q.send(ctx, "udp", server, message)
	if err == nil && message.IsEdns0() != nil &&
		(reply.Rcode == dns.RcodeFormatError || reply.Rcode == dns.RcodeNotImplemented) {
		message.Id, message.Extra = dns.Id(), nil
		reply, err = q.send(ctx, "udp", server, message)
	}
	if err == nil && reply.Truncated {
		reply, err = q.send(ctx, "tcp", server, message)
	}
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return reply, err
}

// send sends the message on a new connection and waits for its reply. Over UDP all other messages
// are ignored, since anybody may have sent them.
func (q dnsQuery) send(
	ctx context.Context, network, server string, message *dns.Msg,
) (*dns.Msg, error) {
	single, stop := newSingleConn(ctx)
	defer stop()
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return nil, err
	}
	conn, err := single.open(func() (net.Conn, error) { return dial(ctx, q.guard, network, q.only, host, port) })
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
		case err == nil && isReplyTo(reply, message):
			return reply, nil
		case network == "tcp" && err == nil:
			return nil, errOtherQuery
		case network == "tcp" || errors.As(err, &broken):
			return nil, err
		}
	}
}

// isReplyTo reports whether a reply has the message's id and question. A server that could not
// parse the query (FORMERR) does not repeat the question.
func isReplyTo(reply, message *dns.Msg) bool {
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
