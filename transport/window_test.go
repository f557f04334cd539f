package transport

import "testing"

func TestWindowAllows(t *testing.T) {
	var hello, onePost, twoPosts window
	hello.add(pending{id: 0, kind: isHello})
	onePost.add(pending{id: 1, kind: isPost, size: 40})
	twoPosts.add(pending{id: 1, kind: isPost, size: 40})
	twoPosts.add(pending{id: 2, kind: isPost, size: 60})
	answered := window{}
	answered.add(pending{id: 1, kind: isPost, size: 90})
	answered.add(pending{id: 2, kind: isPost, size: 10})
	answered.take(1)
	for name, tc := range map[string]struct {
		w                        window
		size, maxPosts, maxBytes int
		want                     bool
	}{
		"empty":                                {window{}, 1, 8, 100, true},
		"empty, larger than the window":        {window{}, 101, 8, 100, true},
		"fills the bytes exactly":              {onePost, 60, 8, 100, true},
		"one byte too many":                    {onePost, 61, 8, 100, false},
		"fills the count":                      {onePost, 1, 2, 100, true},
		"one post too many":                    {twoPosts, 0, 2, 1000, false},
		"an answer makes room":                 {answered, 90, 8, 100, true},
		"an answer makes room, one byte short": {answered, 91, 8, 100, false},
		"one at a time, nothing in flight":     {window{}, 1, 1, 100, true},
		"one at a time, hello in flight":       {hello, 1, 1, 100, false},
		"one at a time, a post in flight":      {onePost, 1, 1, 100, false},
		"hello does not count as a post":       {hello, 101, 2, 100, true},
	} {
		if got := tc.w.allows(tc.size, tc.maxPosts, tc.maxBytes); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
