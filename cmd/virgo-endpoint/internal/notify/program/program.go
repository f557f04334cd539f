package program

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/execute"
	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/schedule/shorttext"
)

// maxVariableBytes bounds a variable: the kernel refuses longer ones.
const maxVariableBytes = 64 << 10

// A Driver runs one program.
type Driver struct{ program *execute.Program }

// New returns a driver. getenv returns a variable of this process.
func New(c notify.CommandConfig, getenv func(string) string) *Driver {
	return &Driver{execute.New(c.Args, getenv)}
}

// Send is of [notify.Driver].
func (d *Driver) Send(ctx context.Context, m *notify.Message) error {
	err := d.program.Run(ctx, append(m.JSON(), '\n'), variables(m))
	if exit := (*execute.Exit)(nil); errors.As(err, &exit) && exit.Code == execute.CodeNever {
		return &notify.Permanent{Err: err}
	}
	return err
}

// variables are the main fields of a message.
func variables(m *notify.Message) []string {
	host := ""
	if len(m.Events) > 0 {
		host = m.Events[0].Standing.Host
	}
	var list []string
	for _, v := range [][2]string{{"ID", m.ID}, {"KIND", string(m.Kind)}, {"STATE", m.State.String()}, {"TITLE", m.Title}, {"TEXT", m.Text},
		{"LINK", m.Link}, {"HOST", host}, {"ESCALATION", strconv.Itoa(m.Escalation)}} {
		list = append(list, "VIRGO_ALARM_"+v[0]+"="+shorttext.Truncate(strings.ReplaceAll(v[1], "\x00", ""), maxVariableBytes))
	}
	return list
}
