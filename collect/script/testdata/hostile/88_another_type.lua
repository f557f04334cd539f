-- want: ^unavailable 88_another_type.lua
return check {
  type = "agent.memory", summary = "another type",
  run = function(details, now, saved)
    status("held")
  end,
}
