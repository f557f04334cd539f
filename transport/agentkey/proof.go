package agentkey

import (
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxSession is the greatest number of a session: the greatest whole number that every reader of
// JSON keeps exactly.
const MaxSession = 1<<53 - 1

// MaxSessionJump is how far an endpoint's last_session may be ahead of the agent's own number for the
// agent to go on from there: the runs of thirty years, so that a restored host catches up at once
// and an endpoint cannot use up the numbers.
const MaxSessionJump = 1 << 24

// The exporter of RFC 9266. Its context is present and empty, which TLS 1.2 distinguishes from an
// absent one.
const (
	exporterLabel = "EXPORTER-Channel-Binding"
	// ExporterBytes is the length of the exporter's value.
	ExporterBytes = 32
)

// textLabel is the first line of the signed text, which no other signature with this key may begin
// with.
const textLabel = "virgo-hello-1"

// ErrNoExporter is returned when a TLS connection has no value to bind a proof to.
var ErrNoExporter = errors.New("this TLS connection has no exporter (RFC 9266): TLS 1.3 is needed, " +
	"or TLS 1.2 with an extended master secret")

// Exporter returns the value that a proof is bound to on this connection, whose handshake has ended.
// Error: [ErrNoExporter].
func Exporter(state tls.ConnectionState) ([]byte, error) {
	if !state.HandshakeComplete { // the zero value cannot be asked
		return nil, ErrNoExporter
	}
	value, err := state.ExportKeyingMaterial(exporterLabel, []byte{}, ExporterBytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoExporter, err)
	}
	return value, nil
}

// SignedText returns the text that a proof signs: four lines, each ended by LF. The agent's id must
// have no line break; [Sign] and [Verify] refuse one that has.
func SignedText(agentID string, session uint64, exporter []byte) []byte {
	b := make([]byte, 0, len(textLabel)+len(agentID)+2*len(exporter)+32)
	b = append(append(b, textLabel...), '\n')
	b = append(append(b, agentID...), '\n')
	b = append(strconv.AppendUint(b, session, 10), '\n')
	return fmt.Appendf(b, "%x\n", exporter)
}

// Text is [SignedText] for whoever signs. Errors: an id with a line break, a session of 0 or above
// [MaxSession], a value that [Exporter] did not return.
func Text(agentID string, session uint64, exporter []byte) ([]byte, error) {
	if !provable(agentID, session, exporter) {
		return nil, fmt.Errorf("no proof can be made for agent %.128q, session %d", agentID, session)
	}
	return SignedText(agentID, session, exporter), nil
}

// Sign returns a proof. Errors are those of [Text].
func Sign(key ed25519.PrivateKey, agentID string, session uint64, exporter []byte) ([]byte, error) {
	text, err := Text(agentID, session, exporter)
	if err != nil {
		return nil, err
	}
	return ed25519.Sign(key, text), nil
}

// Verify reports whether a proof is that of this key, for this agent and session, on the connection
// that the value of [Exporter] is from. It returns false for wrong lengths.
func Verify(key ed25519.PublicKey, agentID string, session uint64, exporter, proof []byte) bool {
	return len(key) == ed25519.PublicKeySize && provable(agentID, session, exporter) &&
		ed25519.Verify(key, SignedText(agentID, session, exporter), proof)
}

// provable reports whether the signed text has one reading only.
func provable(agentID string, session uint64, exporter []byte) bool {
	return agentID != "" && !strings.Contains(agentID, "\n") &&
		session >= 1 && session <= MaxSession && len(exporter) == ExporterBytes
}
