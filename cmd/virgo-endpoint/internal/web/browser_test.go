package web

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/browsertest"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

func TestHostsInABrowser(t *testing.T) {
	browser := browsertest.Start(t)
	for _, n := range []int{1, 20, 500} {
		site := newSite(t, Options{Login: somebody(watch.Admin), Hosts: fleet(n), Now: func() time.Time { return noon }})
		server := httptest.NewServer(site)
		defer server.Close()
		for _, width := range []int{360, 800, 1600} {
			for _, dark := range []bool{false, true} {
				name := fmt.Sprintf("hosts-%d-%d", n, width)
				if dark {
					name += "-dark"
				}
				t.Run(name, func(t *testing.T) {
					page := browser.Page(t, browsertest.Look{Width: width, Height: 900, Dark: dark, Now: noon})
					page.Open(server.URL + "/")
					page.Shot(name)
					if got := browsertest.Eval[int](page, "document.documentElement.scrollWidth"); got > width {
						t.Errorf("%d pixels wide, of %d", got, width)
					}
				})
			}
		}
	}
}
