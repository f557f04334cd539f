package transporttest_test

import (
	"net"
	"testing"
	"testing/synctest"

	"virgo/transport/transporttest"
)

// A connection that ends within a frame is a fault of the side that closed it.
func TestFaults(t *testing.T) {
	for name, ended := range map[string]struct {
		by     func(agent, own net.Conn)
		faults int
	}{
		"the agent":    {func(agent, _ net.Conn) { agent.Close() }, 1},
		"the endpoint": {func(_, own net.Conn) { own.Close() }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				endpoint, err := transporttest.New(transporttest.Script{})
				if err != nil {
					t.Fatal(err)
				}
				agent, own := transporttest.Link(0, 0)
				go endpoint.Serve(own)
				agent.Write([]byte(`{"v":"1",`))
				synctest.Wait()
				ended.by(agent, own)
				synctest.Wait()
				if faults := endpoint.Faults(); len(faults) != ended.faults {
					t.Errorf("faults: %v", faults)
				}
			})
		})
	}
}
