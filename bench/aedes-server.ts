// npm's aedes on host:port, for a comparison.
import { createServer } from 'node:net'
import { Aedes } from 'aedes'

const [host = '', port = ''] = (process.argv[2] ?? '').split(':')
const aedes = await Aedes.createBroker()
// Clients of a benchmark go without a word.
aedes.on('clientError', () => {})
aedes.on('connectionError', () => {})
const server = createServer((socket) => {
  socket.on('error', () => {})
  aedes.handle(socket)
})
server.listen(Number(port), host, () => process.send?.('ready'))
