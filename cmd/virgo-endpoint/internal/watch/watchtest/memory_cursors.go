package watchtest

import (
	"context"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

type memoryCursors struct{ m *Memory }

func (c memoryCursors) Cursor(ctx context.Context, name string) (watch.Cursor, bool, error) {
	defer c.m.lock()()
	one, ok := c.m.cursors[name]
	return one, ok, ctx.Err()
}

func (c memoryCursors) SaveCursor(ctx context.Context, one watch.Cursor) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer c.m.lock()()
	one.At = stored(one.At)
	put(&c.m.cursors, one.Name, one)
	return nil
}

func (c memoryCursors) AllCursors(ctx context.Context) ([]watch.Cursor, error) {
	defer c.m.lock()()
	return byKey(c.m.cursors), ctx.Err()
}

type memorySettings struct{ m *Memory }

func (s memorySettings) Setting(ctx context.Context, name string) (string, error) {
	defer s.m.lock()()
	return s.m.settings[name], ctx.Err()
}

func (s memorySettings) SetSetting(ctx context.Context, name, value string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer s.m.lock()()
	put(&s.m.settings, name, value)
	return nil
}
