import { lookingBackContract } from './looking-back.contract.ts'

lookingBackContract('the embedded log')
