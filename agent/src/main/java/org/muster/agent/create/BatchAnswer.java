package org.muster.agent.create;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;
import org.muster.libvirt.DomainXml.Problem;

/** What became of a bulk: one verdict an item, in the order asked. */
public record BatchAnswer(String batchId, boolean replayed, List<Verdict> items) {

    /**
     * Accepted (problem fields empty), or refused.
     *
     * @param vmId empty for a refused item that named none
     * @param queuePosition 1 is served next; 0 for a refused one
     * @param code the wire's error number, 0 for an accepted one
     */
    public record Verdict(String vmId, int queuePosition, int code, String reason, List<Problem> problems) {
        static Verdict accepted(String vmId, int queuePosition) {
            return new Verdict(vmId, queuePosition, 0, "", List.of());
        }

        static Verdict refused(String vmId, int code, String reason, List<Problem> problems) {
            return new Verdict(vmId, 0, code, reason, problems);
        }

        @JsonIgnore
        public boolean isAccepted() {
            return code == 0;
        }
    }
}
