package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;

/** A frame of ours that carries no JSON. Immutable. */
sealed interface StompReply {

    ByteBuf toFrame();

    /** Answer to CONNECT. */
    record Connected(HeartBeat heartBeat) implements StompReply {
        @Override
        public ByteBuf toFrame() {
            return StompText.connected(heartBeat);
        }
    }

    /** Answer to DISCONNECT. */
    record Receipt(String id) implements StompReply {
        @Override
        public ByteBuf toFrame() {
            return StompText.receipt(id);
        }
    }

    /** Plain text that says what is wrong. */
    record Fault(String text) implements StompReply {
        @Override
        public ByteBuf toFrame() {
            return StompText.error(text);
        }
    }
}
