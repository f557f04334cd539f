package web

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/browsertest"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// maxPicture bounds a picture of the README, in bytes.
const maxPicture = 150_000

// TestPictures writes the README's pictures: make pictures.
func TestPictures(t *testing.T) {
	dir := os.Getenv("VIRGO_README_PICTURES")
	if dir == "" {
		t.Skip("writes files: make pictures runs this test")
	}
	browser := browsertest.Start(t)
	ago := func(minutes float64) time.Time { return noon.Add(-time.Duration(minutes * float64(time.Minute))) }
	plots := serveStories(t, newStories(t, story{id: "a", begin: ago(30 * 60), period: time.Minute, outage: ago(150), outageEnd: ago(130),
		down: ago(60), downEnd: ago(52), reboot: ago(52)}))
	hosts := serveSite(t, fleet(20), somebody(watch.Admin))
	for _, c := range []struct {
		name, address string
		look          browsertest.Look
		ready         string
	}{
		{"hosts", hosts + "/", browsertest.Look{Width: 1280, Height: 640}, "true"},
		{"hosts-phone-dark", hosts + "/", browsertest.Look{Width: 360, Height: 640, Dark: true}, "true"},
		{"alarms", hosts + "/alarms", browsertest.Look{Width: 1280, Height: 560}, "true"},
		{"host", plots + "/hosts/a?range=6h", browsertest.Look{Width: 1280, Height: 900}, `document.querySelectorAll(".uplot").length > 3`},
	} {
		c.look.Now = noon
		page := browser.Page(t, c.look)
		page.Open(c.address)
		page.Until(c.ready)
		file := filepath.Join(dir, c.name+".png")
		page.ShotTo(file)
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > maxPicture {
			t.Errorf("%s has %d bytes, more than %d", file, info.Size(), maxPicture)
		}
	}
}
