package main

import (
	"bufio"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"virgo/transport"
	"virgo/transport/agentkey"
)

// agentMain is the program "agent" of the scripts: it delivers results and prints each answer.
//
//	agent -addr HOST:PORT -token T -pin PIN [-cert FILE -key FILE] -id AGENT [-host NAME] [-old] [-hello FIELDS] [-post FIELDS] [-refused] RESULT_ID…
//
// Its key is made of the name of its host, by default the agent's id; with -old it is an agent of the
// existing protocol, and has none.
// FIELDS is JSON that is added to the params of hello or of each post: "\"late\":true,".
// With -refused, the owner of the host allows none of its checks. It exits with 1 where anything was refused.
func agentMain() {
	addr := flag.String("addr", "", "")
	token := flag.String("token", "", "")
	pin := flag.String("pin", "", "")
	cert := flag.String("cert", "", "")
	key := flag.String("key", "", "")
	id := flag.String("id", "agent1", "")
	host := flag.String("host", "", "")
	old := flag.Bool("old", false, "")
	more := extraFields{}
	flag.StringVar(&more.hello, "hello", "", "")
	flag.StringVar(&more.post, "post", "", "")
	flag.BoolVar(&more.refused, "refused", false, "")
	flag.Parse()
	trust := tls.Config{
		InsecureSkipVerify: true, // the pin is what is trusted
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			cert, err := x509.ParseCertificate(raw[0])
			if err != nil {
				return err
			}
			if got := transport.PinOf(cert).String(); got != *pin {
				return fmt.Errorf("pinned %s, shown %s", *pin, got)
			}
			return nil
		},
	}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		trust.Certificates = []tls.Certificate{pair}
	}
	who := identity{id: *id, host: cmp.Or(*host, *id), old: *old}
	if err := deliver(os.Stdout, *addr, *token, &trust, who, more, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// extraFields are what a script changes in params.
type extraFields struct {
	hello, post string
	refused     bool
}

// An identity is the agent of a script.
type identity struct {
	id, host string
	old      bool
}

// key is the key of a host.
func (i identity) key() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("host " + i.host))
	return ed25519.NewKeyFromSeed(seed[:])
}

// fields are those of hello that prove the key on a connection.
func (i identity) fields(conn *tls.Conn) (string, error) {
	if i.old {
		return "", nil
	}
	exporter, err := agentkey.Exporter(conn.ConnectionState())
	if err != nil {
		return "", err
	}
	session := uint64(time.Now().UnixMicro())
	proof, err := agentkey.Sign(i.key(), i.id, session, exporter)
	return fmt.Sprintf(`"agent_key":%q,"session":%d,"proof":%q,`,
		agentkey.Encode(i.key().Public().(ed25519.PublicKey)), session, agentkey.EncodeProof(proof)), err
}

func deliver(out io.Writer, addr, token string, trust *tls.Config, who identity, more extraFields,
	results []string) error {
	id := who.id
	conn, err := tls.Dial("tcp", addr, trust)
	if err != nil {
		return err
	}
	defer conn.Close()
	w, r := transport.NewWriter(conn), transport.NewReader(bufio.NewReader(conn))
	call := func(n transport.ID, method, params string) error {
		f := transport.Frame{ID: n, HasID: true, Source: id, Target: "endpoint", Method: method,
			Params: []byte(params)}
		if err := errors.Join(w.WriteFrame(&f), w.Flush()); err != nil {
			return err
		}
		answer, err := r.ReadFrame()
		if err != nil {
			return err
		}
		if answer.Error != nil {
			return fmt.Errorf("%s: %w", method, answer.Error)
		}
		fmt.Fprintf(out, "%s %s\n", method, answer.Result)
		return nil
	}
	fields, err := who.fields(conn)
	if err != nil {
		return err
	}
	version := `"bundle_version":"1",`
	if strings.Contains(more.hello, `"bundle_version"`) {
		version = ""
	}
	hello := fmt.Sprintf(`{%s"token":%q,"agent_id":%q,"agent_name":"name of %s","process_version":"9.8.7"}`, version+more.hello+fields, token, id, id)
	if err := call(0, transport.MethodHello, hello); err != nil {
		return err
	}
	state := `"available"`
	if more.refused {
		state = `"unavailable","refused":true`
	}
	for i, result := range results {
		params := fmt.Sprintf(`{%s"result_id":%q,"check_id":"check-%s","check_type":"agent.memory","state":%s,"status":"status of %s",`+
			`"timestamp":1700000000000,"min_check_period":60000,"metrics":[[null,{"free":{"t":"gauge","v":"12345","u":"bytes"}}]]}`, more.post, result, result, state, result)
		if err := call(transport.ID(i+1), transport.MethodPost, params); err != nil {
			return err
		}
	}
	return call(1000, transport.MethodHeartbeat, `{"timestamp":1}`)
}
