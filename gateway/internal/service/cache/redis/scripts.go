package redis

import "github.com/redis/rueidis"

// Scripts, for what has to be one step and is no command. They run by EVALSHA,
// and are sent whole to a server that does not know them yet.

// persist takes the end of life off a key: 1, or 0 if the key is not there.
var persist = rueidis.NewLuaScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('PERSIST', KEYS[1])
return 1`)

// swap stores ARGV[2] for ARGV[3] milliseconds, or without end, if the value
// there has the version ARGV[1].
var swap = rueidis.NewLuaScript(`
local value = redis.call('GET', KEYS[1])
if not value then return 0 end
if string.sub(redis.sha1hex(value), 1, 16) ~= ARGV[1] then return 1 end
if ARGV[3] == '0' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 2`)

// What swap returns where it does not store.
const (
	swapMissing = 0
	swapChanged = 1
)

// count adds (ARGV[1] "+") or takes away ("-") ARGV[2] and returns the number as
// text. A key that is not there starts as ARGV[3], unless that is empty, for
// ARGV[4] milliseconds. Lua's numbers are exact up to 2^53, so numbers are
// counted in two halves of ten digits.
var count = rueidis.NewLuaScript(`
local half = 10000000000
local function halves(text)
  text = string.rep('0', 20 - #text) .. text
  return tonumber(string.sub(text, 1, 10)), tonumber(string.sub(text, 11))
end
local function too_great(high, low)
  return high > 1844674407 or high == 1844674407 and low > 3709551615
end
local value = redis.call('GET', KEYS[1])
if not value then
  if ARGV[3] == '' then return 0 end
  if ARGV[4] == '0' then
    redis.call('SET', KEYS[1], ARGV[3])
  else
    redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
  end
  return ARGV[3]
end
if #value > 20 or not string.find(value, '^%d+$') then return 1 end
local high, low = halves(value)
if too_great(high, low) then return 1 end
local step_high, step_low = halves(ARGV[2])
if ARGV[1] == '+' then
  high, low = high + step_high, low + step_low
  if low >= half then high, low = high + 1, low - half end
  if too_great(high, low) then return 2 end
else
  high, low = high - step_high, low - step_low
  if low < 0 then high, low = high - 1, low + half end
  if high < 0 then high, low = 0, 0 end
end
local text
if high > 0 then
  text = string.format('%.0f%010.0f', high, low)
else
  text = string.format('%.0f', low)
end
redis.call('SET', KEYS[1], text, 'KEEPTTL')
return text`)

// What count returns where it does not count; 1 is for a value that is no
// number.
const (
	countMissing  = 0
	countOverflow = 2
)
