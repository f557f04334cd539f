package main

import "strings"

// A scriptExample is how a new script is called.
type scriptExample struct {
	argument string // of virgo script run
	line     string // of a schedule, after the type
}

func exampleDetails(kind string) scriptExample {
	switch kind {
	case "file":
		return scriptExample{" path=/etc/hosts", ", details: {path: /etc/hosts}"}
	case "program":
		return scriptExample{" path=/", ", details: {path: /}"}
	case "http":
		return scriptExample{" url=http://127.0.0.1:8080/status", ", details: {url: 'http://127.0.0.1:8080/status'}"}
	}
	return scriptExample{}
}

// scriptText returns a script that reads what the kind says. Its first line names the file.
func scriptText(kind, name string) string {
	texts := map[string]string{"file": fileScript, "program": programScript, "http": httpScript, "plain": plainScript}
	return strings.ReplaceAll(texts[kind], "NAME", name)
}

// scriptTestText returns the tests of that script.
func scriptTestText(kind, name string) string {
	texts := map[string]string{
		"file": fileScriptTest, "program": programScriptTest, "http": httpScriptTest, "plain": plainScriptTest,
	}
	return strings.ReplaceAll(texts[kind], "NAME", name)
}

const fileScript = `-- script.NAME: size, age and number of lines of a file.
-- virgo help lua says what else a script can do.
return check {
  summary = "size, age and number of lines of a file",
  details = {
    path = { kind = "absolute-path", required = true, doc = "the file" },
  },
  needs = { files = { "${path}" } },  -- what it may use; nothing else can be opened
  metrics = { "lines", "age" },       -- the ones that people want to see first

  run = function(details, now)
    local info, why = file.stat(details.path)
    if not info then unavailable(why) end
    metric("size", "uint64", info.size, "bytes")
    metric("age", "double", now - info.mtime, "seconds")

    local lines = 0
    for _ in file.lines(details.path) do lines = lines + 1 end
    metric("lines", "uint64", lines)
    status(lines .. " lines")
  end,
}
`

const fileScriptTest = `-- The tests of NAME.lua: virgo script test.
-- A script that asks for what a test does not name fails it.
return tests {
  ["a file of two lines"] = function(t)
    t:run {
      details = { path = "/srv/list" }, now = 1700000100,
      files = { ["/srv/list"] = { text = "one\ntwo\n", mtime = 1700000000 } },
    }
    t:metric("lines", 2)
    t:metric("size", 8)
    t:metric("age", 100)
    t:status("2 lines")
  end,

  ["no file"] = function(t)
    t:run { details = { path = "/srv/list" }, files = { ["/srv/list"] = false } }
    t:unavailable()
  end,
}
`

const programScript = `-- script.NAME: how full a file system is, as df(1) prints it.
-- virgo help lua says what else a script can do.
return check {
  summary = "how full the file system of a folder is",
  details = {
    path = { default = "/", doc = "the folder" },
  },
  needs = { programs = { "df" } },  -- what it may use; no other program can be started
  metrics = { "percent" },

  run = function(details)
    -- There is no shell: each argument reaches the program as it is.
    local answer, why = program.run("df", { "-P", "-k", details.path })
    if not answer then unavailable(why) end
    -- DEVICE BLOCKS USED AVAILABLE PERCENT MOUNT-POINT
    local f = text.fields(text.lines(answer.out)[2] or "")
    local used, percent = tonumber(f[3]), tonumber((f[5] or ""):match("^(%d+)%%$"))
    if not used or not percent then unavailable("df printed something else than expected") end
    metric("used", "uint64", used * 1024, "bytes")
    metric("percent", "double", percent, "percent")
    status(percent .. " % used")
  end,
}
`

const programScriptTest = `-- The tests of NAME.lua: virgo script test.
-- A script that asks for what a test does not name fails it.
return tests {
  ["a file system"] = function(t)
    t:run {
      programs = { ["df -P -k /"] = [[
Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/sda1         41152812 20576406  18463244      53% /
]] },
    }
    t:metric("percent", 53)
    t:metric("used", 20576406 * 1024)
    t:status("53 % used")
  end,

  ["no such folder"] = function(t)
    t:run {
      details = { path = "/x" },
      programs = { ["df -P -k /x"] = { code = 1, err = "df: /x: No such file or directory\n" } },
    }
    t:unavailable()
  end,
}
`

const httpScript = `-- script.NAME: a number of a status page in JSON.
-- virgo help lua says what else a script can do.
return check {
  summary = "length of the queue, from a status page in JSON",
  details = {
    url = { kind = "url", required = true, doc = "the status page" },
  },
  needs = { http = { "${url}" } },  -- what it may use; it reaches no other page
  metrics = { "queue" },

  run = function(details)
    local answer, why = http.get(details.url)
    if not answer then unavailable(why) end
    if answer.status ~= 200 then unavailable("the page answered with status " .. answer.status) end
    local page, wrong = json.decode(answer.body)
    if type(page) ~= "table" or type(page.queue) ~= "number" then
      unavailable("the page has no number named queue: " .. (wrong or "it is other JSON"))
    end
    metric("queue", "uint64", page.queue)
    status(page.queue .. " waiting")
  end,
}
`

const httpScriptTest = `-- The tests of NAME.lua: virgo script test.
-- A script that asks for what a test does not name fails it.
local url = "http://127.0.0.1:8080/status"

return tests {
  ["a page"] = function(t)
    t:run { details = { url = url }, http = { [url] = '{"queue": 3}' } }
    t:metric("queue", 3)
    t:status("3 waiting")
  end,

  ["an error of the server"] = function(t)
    t:run { details = { url = url }, http = { [url] = { status = 503, body = "" } } }
    t:unavailable("the page answered with status 503")
  end,

  ["no server"] = function(t)
    t:run { details = { url = url }, http = { [url] = false } }
    t:unavailable()
  end,
}
`

const plainScript = `-- script.NAME: how often it ran, and the time since the last run.
-- virgo help lua says what else a script can do.
return check {
  summary = "number of runs, and the time since the last one",
  metrics = { "runs" },

  run = function(_, now, saved)
    local runs = saved and saved.runs or 0
    metric("runs", "uint64", runs + 1)
    if saved then metric("since_last", "double", now - saved.at, "seconds") end
    save { runs = runs + 1, at = now }  -- the next run gets it as its third argument
    status("run number " .. runs + 1)
  end,
}
`

const plainScriptTest = `-- The tests of NAME.lua: virgo script test.
return tests {
  ["the first run"] = function(t)
    t:run { now = 1700000000 }
    t:metric("runs", 1)
    t:no_metric("since_last")
    t:saved { runs = 1, at = 1700000000 }
  end,

  ["the next one"] = function(t)
    t:run { now = 1700000060, saved = { runs = 1, at = 1700000000 } }
    t:metric("runs", 2)
    t:metric("since_last", 60)
    t:status("run number 2")
  end,
}
`
